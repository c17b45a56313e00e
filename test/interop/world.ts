import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { makeFolder, makeKey } from '../idp/kit.ts';
import { withStrangeKey, type World } from '../idp/worlds.ts';
import { administer, api, keycloakTrust } from './keycloak.ts';

interface Named {
  readonly id: string;
  readonly clientId: string;
}

/** The running Keycloak, and what other people do there. */
export async function startKeycloakWorld(): Promise<World> {
  const trust = keycloakTrust();
  return {
    trust,
    resource: api,
    scope: 'password.reset',
    async rows() {
      const answers = await Promise.all(
        ['/clients', '/client-scopes'].map((path) => administer('GET', path)),
      );
      return answers.flatMap(({ body }) => (body as unknown as object[]).map((one) => JSON.stringify(one)));
    },
    addForeign: async ({ clientId }) =>
      void (await administer('POST', '/clients', { clientId, name: 'Payroll', publicClient: true })),
    async wipe(clientId) {
      for (const { id } of await clientsOf(clientId)) await administer('DELETE', `/clients/${id}`);
    },
    reader: await makeReader(trust),
    stranger: { trust: await withStrangeKey(trust) },
    stop: () => Promise.resolve(),
  };
}

async function clientsOf(clientId: string): Promise<readonly Named[]> {
  const { body } = await administer('GET', `/clients?clientId=${encodeURIComponent(clientId)}`);
  return body as unknown as Named[];
}

/** An administrator without a role: the realm's own may not give any. */
async function makeReader(trust: TrustedIdp): Promise<TrustedIdp> {
  const clientId = `reader-${randomBytes(4).toString('hex')}`;
  const key = makeKey();
  const keyFile = join(await makeFolder(), 'reader.jwk.json');
  await writeFile(keyFile, JSON.stringify(key.privateKey.export({ format: 'jwk' })));
  await chmod(keyFile, 0o600);
  await administer('POST', '/clients', {
    clientId,
    publicClient: false,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    clientAuthenticatorType: 'client-jwt',
    attributes: {
      'use.jwks.string': 'true',
      'jwks.string': JSON.stringify({ keys: [key.publicKey] }),
      'token.endpoint.auth.signing.alg': 'ES256',
    },
  });
  return { ...trust, admin: { clientId, keyFile } };
}
