import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { quietly } from '../../src/idp/embedded/quiet.ts';
import { exchangeType } from './kit.ts';

/** A plain OpenID server with dynamic registration, as somebody else would run it. */
export interface PlainServer {
  readonly issuer: string;
  readonly initialAccessToken: string;
  /** Number of clients that it has. */
  clients(): number;
  /** What it has of each. */
  registrations(): readonly object[];
  /** Puts somebody else's client of this name there. */
  addClient(name: string): void;
  /** Makes the server answer the next registration by breaking the connection, after registering. */
  loseNextAnswer(): void;
  stop(): Promise<void>;
}

/** Answers the token endpoint instead of the library. */
type AnswerToken = (form: URLSearchParams) => Promise<object>;

export async function startPlainServer(answerToken?: AnswerToken): Promise<PlainServer> {
  const { result } = await quietly(async () => {
    const { Provider } = await import('oidc-provider');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const created = new Map<string, object>();
    const provider = new Provider(issuer, {
      jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' } as never] },
      clientAuthMethods: ['private_key_jwt', 'client_secret_basic', 'none'],
      cookies: { keys: ['plain'] },
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        registration: { enabled: true, initialAccessToken: true },
        registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      },
    });
    provider.silent = true;
    provider.registerGrantType(exchangeType, (ctx) => void (ctx.body = {}), []);
    provider.on('registration_create.success', (_ctx, client) =>
      created.set(client.clientId, client.metadata()),
    );
    provider.on('registration_delete.success', (_ctx, client) => created.delete(client.clientId));
    const token = await new provider.InitialAccessToken({ expiresIn: 600 }).save();
    let lose = false;
    const callback = provider.callback();
    server.on('request', (request, response) => {
      if (lose && request.method === 'POST' && request.url === '/reg') {
        lose = false;
        const destroy = (): typeof response => {
          request.socket.destroy();
          return response;
        };
        Object.assign(response, { end: destroy });
      }
      if (answerToken !== undefined && request.method === 'POST' && request.url === '/token') {
        void text(request)
          .then((body) => answerToken(new URLSearchParams(body)))
          .then((data) => {
            response.writeHead('error' in data ? 401 : 200, { 'content-type': 'application/json' });
            response.end(JSON.stringify(data));
          });
        return;
      }
      void callback(request, response);
    });
    return {
      issuer,
      initialAccessToken: token,
      clients: () => created.size,
      registrations: () => [...created.values()],
      addClient: (name: string) =>
        void created.set('of-somebody-else', { client_id: 'of-somebody-else', client_name: name }),
      loseNextAnswer: () => {
        lose = true;
      },
      stop: () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  });
  return result;
}
