import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Signs tokens for jobs as a CI platform does: keys by discovery, no token endpoint, RS256. */
export interface CiIssuer {
  readonly issuer: string;
  /** What the runner gives to a job of GitHub Actions that has `id-token: write`. */
  readonly githubEnv: Readonly<Record<string, string>>;
  /** Audiences that jobs asked for. */
  readonly asked: string[];
  /** What tokens say beside issuer, audience and times; the test may change it. */
  claims: Record<string, unknown>;
  sign(audience: string | readonly string[], claims?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

export async function startCiIssuer(): Promise<CiIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'ci-1', alg: 'RS256', use: 'sig' };
  const bearer = `runner.${Math.random().toString(36).slice(2)}`;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', ci.issuer);
    response.setHeader('content-type', 'application/json');
    if (url.pathname === '/.well-known/openid-configuration')
      response.end(JSON.stringify({ issuer: ci.issuer, jwks_uri: `${ci.issuer}/jwks` }));
    else if (url.pathname === '/jwks') response.end(JSON.stringify({ keys: [jwk] }));
    else if (url.pathname === '/token' && request.headers.authorization === `Bearer ${bearer}`) {
      const audience = url.searchParams.get('audience') ?? '';
      asked.push(audience);
      void ci.sign(audience).then((value) => response.end(JSON.stringify({ count: 1, value })));
    } else response.writeHead(403).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ci: CiIssuer = {
    issuer,
    asked,
    githubEnv: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
      GITHUB_ACTIONS: 'true',
      CI: 'true',
    },
    claims: {
      sub: 'repo:acme/estate:ref:refs/heads/main',
      repository: 'acme/estate',
      repository_id: '4711',
      ref: 'refs/heads/main',
    },
    sign: (audience, claims = {}) =>
      new SignJWT({ ...ci.claims, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'ci-1', typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(typeof audience === 'string' ? audience : [...audience])
        .setIssuedAt()
        .setExpirationTime(typeof claims['exp'] === 'number' ? claims['exp'] : '5m')
        .setJti(crypto.randomUUID())
        .sign(privateKey),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return ci;
}
