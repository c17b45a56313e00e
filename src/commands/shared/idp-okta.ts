import { resolve } from 'node:path';
import type { TrustedIdp } from '../../idp/types.ts';
import { createHttp, type Http } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import type { AddOptions } from './idp-trust.ts';

/** Makes the trust of an Okta organisation: with an admin app that is there, or one that an API token makes. */
export async function toOktaTrust(name: string, options: AddOptions, io: Io): Promise<TrustedIdp> {
  if (options.issuer === undefined)
    throw new AgentIdError('usage', 'name the issuer', { hint: 'With --issuer https://ORG.okta.com.' });
  const [{ readMetadata }, { parseResources }] = await Promise.all([
    import('../../idp/metadata.ts'),
    import('../../idp/resource-flags.ts'),
  ]);
  const http = createHttp({ clock: io.clock });
  const { issuer } = await readMetadata(http, options.issuer.replace(/\/+$/, ''));
  assertOrganisation(issuer);
  const { withOwnApi } = await import('../../idp/okta/own-api.ts');
  const resources = parseResources(options.resource, options.fronts).map((one) => withOwnApi(issuer, one));
  const login = options.clientId === undefined ? {} : { loginClientId: options.clientId };
  const users = await toUsers(issuer, options, http);
  const trust: TrustedIdp = {
    schemaVersion: 1,
    name,
    type: 'okta',
    issuer,
    resources,
    ...login,
    ...users,
  };
  if (options.secretStdin !== true) return { ...trust, admin: toAdmin(options, io) };
  const { bootstrapOkta } = await import('../../idp/okta/bootstrap.ts');
  const parts = { trust, http, clock: io.clock, paths: statePaths(io.env) };
  const { admin, lines } = await bootstrapOkta(parts, new Secret(await readToken(io)));
  for (const line of lines) io.stderr(`${line}\n`);
  return { ...trust, admin };
}

/** Says how users come in. Another server than the organisation's is trusted only once it says itself that it is that issuer. */
async function toUsers(
  issuer: string,
  { crossAppAccess, loginIssuer }: AddOptions,
  http: Http,
): Promise<Pick<TrustedIdp, 'crossAppAccess' | 'loginIssuer'>> {
  if (loginIssuer === undefined) return crossAppAccess === true ? { crossAppAccess } : {};
  if (crossAppAccess === true)
    throw new AgentIdError('usage', '--login-issuer and --cross-app-access exclude each other', {
      hint: 'AI agents want the ID token of a sign-in at the organisation.',
    });
  const { isServerOf } = await import('../../idp/okta/own-api.ts');
  if (!isServerOf(issuer, loginIssuer))
    throw new AgentIdError('usage', 'users sign in at a custom authorization server of the organisation', {
      where: loginIssuer,
      hint: `It looks like ${issuer}/oauth2/ID`,
    });
  const { readMetadata } = await import('../../idp/metadata.ts');
  await readMetadata(http, loginIssuer);
  return { loginIssuer };
}

/** Only the organisation's own server administers; a custom one is a resource's. */
function assertOrganisation(issuer: string): void {
  const { pathname } = new URL(issuer);
  if (pathname === '/') return;
  throw new AgentIdError('usage', 'this is the issuer of a custom authorization server', {
    where: issuer,
    hint: `Name the organisation: --issuer ${new URL(issuer).origin}`,
  });
}

function toAdmin(options: AddOptions, io: Io): { readonly clientId: string; readonly keyFile: string } {
  const { adminClientId, adminKey } = options;
  if (adminClientId !== undefined && adminKey !== undefined) {
    return { clientId: adminClientId, keyFile: resolve(io.cwd, adminKey) };
  }
  throw new AgentIdError('usage', 'say who administers', {
    hint: 'With --admin-client-id ID --admin-key FILE, or once with an API token: --secret-stdin.',
  });
}

async function readToken(io: Io): Promise<string> {
  const token = (await io.stdin()).trim();
  if (/^[\x21-\x7e]{8,8192}$/.test(token)) return token;
  throw new AgentIdError('usage', 'standard input holds no token');
}
