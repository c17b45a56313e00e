import { resolve } from 'node:path';
import type { TrustedIdp } from '../../idp/types.ts';
import { createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import type { AddOptions } from './idp-trust.ts';

/** Makes the trust of a realm of Keycloak: administered by a client with a key, by one made now, or by whoever signs in. */
export async function toKeycloakTrust(name: string, options: AddOptions, io: Io): Promise<TrustedIdp> {
  if (options.issuer === undefined)
    throw new AgentIdError('usage', 'name the issuer', { hint: 'With --issuer https://HOST/realms/REALM.' });
  const [{ readMetadata }, { parseResources }, { toPlace }] = await Promise.all([
    import('../../idp/metadata.ts'),
    import('../../idp/resource-flags.ts'),
    import('../../idp/keycloak/admin.ts'),
  ]);
  const resources = parseResources(options.resource, options.fronts);
  toPlace(options.issuer);
  const http = createHttp({ clock: io.clock });
  const { issuer } = await readMetadata(http, options.issuer);
  const login = options.clientId === undefined ? {} : { loginClientId: options.clientId };
  const trust: TrustedIdp = { schemaVersion: 1, name, type: 'keycloak', issuer, resources, ...login };
  if (options.secretStdin !== true) return { ...trust, ...toAdmin(trust, options, io) };
  const { bootstrapKeycloak } = await import('../../idp/keycloak/bootstrap.ts');
  const parts = { trust, http, clock: io.clock, paths: statePaths(io.env) };
  const { admin, lines } = await bootstrapKeycloak(parts, await readSecret(io), options.adminClientId);
  for (const line of lines) io.stderr(`${line}\n`);
  return { ...trust, admin };
}

function toAdmin(trust: TrustedIdp, options: AddOptions, io: Io): Pick<TrustedIdp, 'admin'> {
  const { adminClientId, adminKey } = options;
  if (adminClientId !== undefined && adminKey !== undefined)
    return { admin: { clientId: adminClientId, keyFile: resolve(io.cwd, adminKey) } };
  const hint =
    'With --admin-client-id ID --admin-key FILE; once with --secret-stdin; or with --client-id ID, then you administer yourself.';
  if (adminClientId !== undefined || adminKey !== undefined || trust.loginClientId === undefined)
    throw new AgentIdError('usage', 'say who administers', { hint });
  io.stderr(
    `You administer ${trust.name} yourself. Sign in: agent-id login --idp ${trust.name} [--device]\n`,
  );
  return {};
}

async function readSecret(io: Io): Promise<Secret> {
  const text = (await io.stdin()).trim();
  if (/^[\x21-\x7e]{8,8192}$/.test(text)) return new Secret(text);
  throw new AgentIdError('usage', 'standard input holds no token and no secret');
}
