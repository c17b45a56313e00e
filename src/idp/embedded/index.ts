import { join } from 'node:path';
import { systemClock, toTimestamp, type Clock } from '../../lib/clock.ts';
import { withLock } from '../../lib/lock.ts';
import type { PublicJwk } from '../../model/agent.ts';
import type { Secret } from '../../model/secret.ts';
import { createFileSigner } from '../../exchange/node.ts';
import { assertAdmin } from './assertions.ts';
import { adminClientId, type Idp } from './context.ts';
import { createEventLog, eventsShape } from './events.ts';
import { answerWith, close, listen, openDataFolder, type Listeners } from './folder.ts';
import { makeSigningKey, openKeyFile, type KeyFile } from './key-file.ts';
import { modelsShape } from './models.ts';
import { quietly } from './quiet.ts';
import { createApiToken, createOktaApi, type Okta } from './sandbox/okta-api.ts';
import { createOktaClient } from './sandbox/okta-client.ts';
import { oktaShape } from './sandbox/okta-state.ts';
import {
  createPasswordApi,
  passwordApiKey,
  passwordApiName,
  passwordApiScopes,
} from './sandbox/password-api.ts';
import { createTokenCheck, type TokenIssuer } from './sandbox/token-check.ts';
import { stateShape } from './state.ts';
import { openStore } from './store.ts';
import { makeUsers, type NewUser } from './users.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** Only counts at the first start; 0 or nothing: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** Whose tokens the Password API takes, where not ours; there it is a client whose id is its own address. */
  readonly tokensOf?: TokenIssuer;
}

/** The running identity provider with its two sandbox APIs. */
export interface Embedded {
  readonly issuer: string;
  readonly oktaUrl: string;
  readonly passwordApiUrl: string;
  readonly adminKeyFile: string;
  /** Public key of the Password API, by which a provider knows it. */
  readonly passwordApiPublicKey: PublicJwk;
  /** Who may sign in; passwords only where they were just made. */
  readonly users: readonly NewUser[];
  /** Makes a static token at the Okta-shaped API: the old way that gets migrated. */
  createApiToken(name: string): Promise<{ readonly id: string; readonly token: Secret }>;
  /** Resolves when the administrator asks the program to end (`idp stop`). */
  readonly stopRequested: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the identity provider and the sandbox APIs on 127.0.0.1; everything is kept in `dataDir`.
 * Throws `port-taken`, `malformed` for a damaged file (nothing is overwritten), `unreadable` for a folder that is
 * open to others.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, port = 0, clock = systemClock } = options;
  await openDataFolder(dataDir);
  return withLock(join(dataDir, 'start.lock'), 20_000, async () => {
    const listeners = await listen(dataDir, port);
    try {
      return await open(options, listeners, clock);
    } catch (error) {
      await stop(listeners);
      throw error;
    }
  });
}

async function open(
  { dataDir, tokensOf }: EmbeddedOptions,
  listeners: Listeners,
  clock: Clock,
): Promise<Embedded> {
  const [issuer, oktaUrl, passwordApiUrl] = [
    listeners.ports.idp,
    listeners.ports.okta,
    listeners.ports.passwordApi,
  ].map((port) => `http://127.0.0.1:${port}`) as [string, string, string];
  const admin = await openKeyFile(dataDir, 'admin');
  const apiKey = await openKeyFile(dataDir, passwordApiKey);
  let requestStop: () => void = () => undefined;
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve;
  });
  const { idp, users } = await openIdp({ dataDir, issuer, clock, admin, requestStop });
  idp.state.data.resources.set(passwordApiKey, {
    key: passwordApiKey,
    uri: passwordApiUrl,
    displayName: passwordApiName,
    scopes: passwordApiScopes,
    maxTtlSeconds: 300,
    fronts: { api: 'okta', baseUrl: oktaUrl },
    clientId: passwordApiKey,
    keys: [apiKey.publicKey],
  });
  await idp.state.save();
  const okta = await openOkta(dataDir, { origin: oktaUrl, idp, admin, apiKey });
  const { result: createRouter } = await quietly(async () => (await import('./router.ts')).createRouter(idp));
  answerWith(listeners.idp, createRouter);
  answerWith(listeners.okta, createOktaApi(okta));
  answerWith(
    listeners.passwordApi,
    await openPasswordApi({ idp, okta, apiKey, origin: passwordApiUrl, tokensOf }),
  );
  return {
    issuer,
    oktaUrl,
    passwordApiUrl,
    adminKeyFile: admin.file,
    passwordApiPublicKey: apiKey.publicKey,
    users,
    stopRequested,
    createApiToken: (name) => createApiToken(okta, name),
    stop: async () => {
      await stop(listeners);
      await Promise.all([idp.state.save(), idp.models.save(), okta.state.save()]);
    },
  };
}

async function openIdp(parts: {
  readonly dataDir: string;
  readonly issuer: string;
  readonly clock: Clock;
  readonly admin: KeyFile;
  readonly requestStop: () => void;
}): Promise<{ readonly idp: Idp; readonly users: readonly NewUser[] }> {
  const { dataDir, issuer, clock, admin, requestStop } = parts;
  const people = await makeUsers();
  const users = await openStore(join(dataDir, 'sandbox-users.json'), people.shape);
  const events = await openStore(join(dataDir, 'events.json'), eventsShape);
  const idp: Idp = {
    issuer,
    clock,
    state: await openStore(join(dataDir, 'idp.json'), stateShape(await makeSigningKey())),
    models: await openStore(join(dataDir, 'sessions.json'), modelsShape),
    users,
    events: createEventLog(events, clock),
    adminKey: admin.publicKey,
    requestStop,
  };
  const known = users.data.map(({ id, displayName }) => ({ id, displayName, password: null }));
  return { idp, users: people.made() ?? known };
}

async function openOkta(
  dataDir: string,
  parts: { readonly origin: string; readonly idp: Idp; readonly admin: KeyFile; readonly apiKey: KeyFile },
): Promise<Okta> {
  const { origin, idp, admin, apiKey } = parts;
  const shape = oktaShape(await makeSigningKey(), toTimestamp(idp.clock()));
  return {
    origin,
    clock: idp.clock,
    state: await openStore(join(dataDir, 'okta.json'), shape),
    apps: [
      {
        clientId: adminClientId,
        keys: [admin.publicKey],
        scopes: ['okta.apiTokens.read', 'okta.apiTokens.manage'],
      },
      { clientId: passwordApiKey, keys: [apiKey.publicKey], scopes: passwordApiScopes },
    ],
    once: idp.models.data,
    assertAdmin: (request) => assertAdmin(idp, request),
  };
}

async function openPasswordApi(parts: {
  readonly idp: Idp;
  readonly okta: Okta;
  readonly apiKey: KeyFile;
  readonly origin: string;
  readonly tokensOf: TokenIssuer | undefined;
}): Promise<ReturnType<typeof createPasswordApi>> {
  const { idp, okta, apiKey, origin, tokensOf } = parts;
  const signer = await createFileSigner(apiKey.file);
  const { clock, events, issuer } = idp;
  return createPasswordApi({
    origin,
    clock,
    events,
    okta: createOktaClient({ origin: okta.origin, clientId: passwordApiKey, signer, clock }),
    check: createTokenCheck({
      audience: origin,
      clock,
      once: idp.models.data,
      ...(tokensOf ?? ownTokens(issuer)),
      clientId: tokensOf === undefined ? passwordApiKey : origin,
      signer,
      nameOf: (clientId) => idp.state.data.agents.get(clientId)?.displayName ?? clientId,
    }),
  });
}

function ownTokens(issuer: string): TokenIssuer {
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    introspectionEndpoint: `${issuer}/introspect`,
    algorithms: ['ES256'],
    clientClaim: 'client_id',
  };
}

async function stop(listeners: Listeners): Promise<void> {
  await Promise.all([listeners.idp, listeners.okta, listeners.passwordApi].map(close));
}
