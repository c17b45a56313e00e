import { resolve } from 'node:path';
import type { TrustedIdp } from '../../idp/types.ts';
import { createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AddOptions } from './idp-trust.ts';

/** Shortest lifetime that Entra's tokens are known to have, and the longest that they get without a policy. */
const ENTRA_SECONDS = 5400;

const hints = {
  auth0: 'With --issuer https://TENANT.REGION.auth0.com/ (with the slash at its end).',
  entra: 'With --issuer https://login.microsoftonline.com/TENANT-ID/v2.0.',
} as const;

/** Makes the trust of a provider that is administered by a client with an RSA key: Auth0 or Entra. */
export async function toKeyAdminTrust(
  name: string,
  type: 'auth0' | 'entra',
  options: AddOptions,
  io: Io,
): Promise<TrustedIdp> {
  if (options.issuer === undefined) throw new AgentIdError('usage', 'name the issuer', { hint: hints[type] });
  const [{ readMetadata }, { parseResources }] = await Promise.all([
    import('../../idp/metadata.ts'),
    import('../../idp/resource-flags.ts'),
  ]);
  const read = parseResources(options.resource, options.fronts);
  const admin = toAdmin(options, io);
  const { issuer } = await readMetadata(createHttp({ clock: io.clock }), options.issuer);
  const resources = type === 'entra' ? read.map((one) => ({ ...one, maxTtlSeconds: ENTRA_SECONDS })) : read;
  if (type === 'entra' && resources.length > 0) {
    io.stderr(
      "Entra's tokens live 60 to 90 minutes, and cannot be called back: these APIs accept that, not five minutes.\n",
    );
  }
  const login = options.clientId === undefined ? {} : { loginClientId: options.clientId };
  return { schemaVersion: 1, name, type, issuer, resources, ...login, admin };
}

function toAdmin(options: AddOptions, io: Io): NonNullable<TrustedIdp['admin']> {
  const { adminClientId, adminKey, secretStdin } = options;
  if (secretStdin === true)
    throw new AgentIdError('usage', 'this kind of provider is administered by a key, never by a secret', {
      hint: 'With --admin-client-id ID --admin-key FILE.',
    });
  if (adminClientId !== undefined && adminKey !== undefined)
    return { clientId: adminClientId, keyFile: resolve(io.cwd, adminKey) };
  throw new AgentIdError('usage', 'say who administers', {
    hint: 'With --admin-client-id ID --admin-key FILE: an RSA key as a private JWK, 0600 (docs/idp-auth0.md, docs/idp-entra.md).',
  });
}
