import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { startPlainServer } from './plain-server.ts';

/** Which jobs are a client, as an administrator of the server enters it. */
interface JobTrust {
  readonly clientId: string;
  readonly issuer: string;
  readonly sub: string;
}

/** A standard server of somebody else that lets jobs be clients (RFC 7523), and an API that takes its tokens. */
export interface ForeignServer {
  readonly issuer: string;
  readonly api: string;
  readonly initialAccessToken: string;
  trust(job: JobTrust): void;
  stop(): Promise<void>;
}

export async function startForeignServer(): Promise<ForeignServer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const trusted: JobTrust[] = [];
  const plain = await startPlainServer(async (form) => {
    const assertion = form.get('client_assertion') ?? '';
    const { iss, sub } = decodeJwt(assertion);
    const clientId = form.get('client_id');
    const job = trusted.find((one) => one.clientId === clientId && one.issuer === iss && one.sub === sub);
    if (job === undefined) return { error: 'invalid_client' };
    await jwtVerify(assertion, createRemoteJWKSet(new URL(`${job.issuer}/jwks`)), {
      issuer: job.issuer,
      audience: plain.issuer,
    });
    const scope = form.get('scope');
    const token = await new SignJWT({ client_id: clientId, scope })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuer(plain.issuer)
      .setSubject(job.clientId)
      .setAudience(form.get('resource') ?? '')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
    return { access_token: token, token_type: 'Bearer', expires_in: 300, scope };
  });
  const api = createServer((request, response) => {
    groups(request).then(
      (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
      () => response.writeHead(401).end(),
    );
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const uri = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;

  async function groups(request: IncomingMessage): Promise<object> {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const { payload } = await jwtVerify(token, async () => jwk, { issuer: plain.issuer, audience: uri });
    return [{ id: 'g1', caller: payload.sub, scope: payload['scope'] }];
  }

  return {
    issuer: plain.issuer,
    api: uri,
    initialAccessToken: plain.initialAccessToken,
    trust: (job) => void trusted.push(job),
    stop: async () => {
      await plain.stop();
      await new Promise<void>((resolve) => {
        api.close(() => resolve());
        api.closeAllConnections();
      });
    },
  };
}
