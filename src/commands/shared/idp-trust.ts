import { join, resolve } from 'node:path';
import type { TrustedIdp } from '../../idp/types.ts';
import { createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { AgentIdError } from '../../model/error.ts';
import { envelope } from '../../output/version.ts';
import { dataFolder, issuerOf } from './idp-server.ts';

type Format = 'text' | 'json';

export interface AddOptions {
  readonly type: string;
  readonly issuer?: string;
  readonly data?: string;
  readonly adminKey?: string;
  readonly adminClientId?: string;
  readonly clientId?: string;
  readonly resource: readonly string[];
  readonly fronts: readonly string[];
  readonly dpop: readonly string[];
  readonly idToken: readonly string[];
  readonly authorizationServer: readonly string[];
  readonly secretStdin?: boolean;
  readonly crossAppAccess?: boolean;
  readonly loginIssuer?: string;
  readonly format: Format;
}

export async function runAdd(name: string, options: AddOptions, io: Io): Promise<void> {
  if (options.type !== 'okta' && (options.crossAppAccess === true || options.loginIssuer !== undefined))
    throw new AgentIdError('usage', '--cross-app-access and --login-issuer go with --type okta');
  const { listTrusted, writeTrusted } = await import('../../idp/trust.ts');
  const trust = await withTokenRules(await toTrust(name, options, io), options, io);
  const before = (await listTrusted(statePaths(io.env))).find((idp) => idp.name === name);
  await writeTrusted(statePaths(io.env), trust);
  for (const line of lostBetween(before?.resources ?? [], trust.resources)) io.stderr(line);
  if (options.secretStdin === true && options.type === 'oidc') await storeInitialToken(name, io);
  if (options.format === 'json') io.stdout(`${JSON.stringify({ ...envelope, idp: trust })}\n`);
  else io.stderr(`${name} is trusted: ${trust.issuer}\n${trust.resources.map(resourceLine).join('')}`);
}

/** What was said of a resource before, and not again. */
function lostBetween(before: TrustedIdp['resources'], after: TrustedIdp['resources']): readonly string[] {
  return before.flatMap((resource) => {
    const now = after.find(({ key }) => key === resource.key);
    if (now === undefined) return [`No longer trusted: resource ${resource.key}\n`];
    const lost = Object.keys(resource).filter((name) => !(name in now));
    return lost.length === 0 ? [] : [`No longer set for ${resource.key}: ${lost.join(', ')}\n`];
  });
}

/** Another server is trusted only once it says itself that it is that issuer. */
async function withTokenRules(trust: TrustedIdp, options: AddOptions, io: Io): Promise<TrustedIdp> {
  const [{ withTokenFlags }, { readMetadata }] = await Promise.all([
    import('../../idp/resource-flags.ts'),
    import('../../idp/metadata.ts'),
  ]);
  const resources = withTokenFlags(trust.resources, options);
  const http = createHttp({ clock: io.clock });
  for (const { authorizationServer } of resources)
    if (authorizationServer !== undefined) await readMetadata(http, authorizationServer);
  return { ...trust, resources };
}

async function toTrust(name: string, options: AddOptions, io: Io): Promise<TrustedIdp> {
  if (options.type === 'embedded') return toEmbeddedTrust(name, options, io);
  if (options.type === 'okta') return (await import('./idp-okta.ts')).toOktaTrust(name, options, io);
  if (options.type === 'keycloak')
    return (await import('./idp-keycloak.ts')).toKeycloakTrust(name, options, io);
  if (options.type === 'auth0' || options.type === 'entra')
    return (await import('./idp-key-admin.ts')).toKeyAdminTrust(name, options.type, options, io);
  if (options.type !== 'oidc') {
    throw new AgentIdError(
      'unsupported',
      `identity providers of type ${options.type} are not supported yet`,
      {
        hint: 'Any standard server works as --type oidc.',
      },
    );
  }
  if (options.issuer === undefined)
    throw new AgentIdError('usage', 'name the issuer', { hint: 'With --issuer URL.' });
  const [{ readMetadata }, { parseResources }] = await Promise.all([
    import('../../idp/metadata.ts'),
    import('../../idp/resource-flags.ts'),
  ]);
  const resources = parseResources(options.resource, options.fronts);
  const { issuer } = await readMetadata(createHttp({ clock: io.clock }), options.issuer);
  const login = options.clientId === undefined ? {} : { loginClientId: options.clientId };
  return { schemaVersion: 1, name, type: 'oidc', issuer, resources, ...login };
}

/** An embedded provider says itself what it has, to whom holds its admin key. */
async function toEmbeddedTrust(name: string, options: AddOptions, io: Io): Promise<TrustedIdp> {
  const dataDir = await dataFolder(options.data, io);
  const issuer = options.issuer ?? (await issuerOf(dataDir));
  if (issuer === undefined) {
    throw new AgentIdError(
      'unknown-name',
      'no embedded identity provider was started from this data folder',
      {
        where: dataDir,
        hint: 'Start it first: agent-id idp start',
      },
    );
  }
  const { readEmbeddedTrust } = await import('../../idp/embedded-trust.ts');
  const keyFile =
    options.adminKey === undefined ? join(dataDir, 'admin.jwk.json') : resolve(io.cwd, options.adminKey);
  const parts = { http: createHttp({ clock: io.clock }), clock: io.clock, paths: statePaths(io.env) };
  const trust = await readEmbeddedTrust({ name, issuer, keyFile }, parts);
  const { parseResources } = await import('../../idp/resource-flags.ts');
  return { ...trust, resources: parseResources(options.resource, options.fronts, trust.resources) };
}

async function storeInitialToken(name: string, io: Io): Promise<void> {
  const [{ changeOidcStore }, { Secret }] = await Promise.all([
    import('../../idp/oidc-store.ts'),
    import('../../model/secret.ts'),
  ]);
  const token = (await io.stdin()).trim();
  if (!/^[\x21-\x7e]{8,8192}$/.test(token)) {
    throw new AgentIdError('usage', 'standard input holds no token');
  }
  const initialAccessToken = new Secret(token);
  await changeOidcStore(statePaths(io.env), name, (store) => ({ ...store, initialAccessToken }));
}

export async function runList(format: Format, io: Io): Promise<void> {
  const { listTrusted } = await import('../../idp/trust.ts');
  const idps = await listTrusted(statePaths(io.env));
  if (format === 'json') {
    io.stdout(`${JSON.stringify({ ...envelope, idps }, null, 2)}\n`);
    return;
  }
  for (const { name, type, issuer, resources } of idps) {
    io.stdout(`${name}  ${type}  ${issuer}\n${resources.map(resourceLine).join('')}`);
  }
  if (idps.length === 0) io.stderr('No identity provider is trusted here. To trust one: agent-id idp add\n');
}

export async function runCheck(name: string, format: Format, io: Io): Promise<void> {
  const [{ trustedIdp }, { adapterFor }, { checkIdp }] = await Promise.all([
    import('../../idp/trust.ts'),
    import('../../idp/index.ts'),
    import('../../idp/check.ts'),
  ]);
  const paths = statePaths(io.env);
  const adapter = await adapterFor(await trustedIdp(paths, name), { paths, clock: io.clock });
  const checks = await checkIdp(adapter);
  if (format === 'json') io.stdout(`${JSON.stringify({ ...envelope, idp: name, checks }, null, 2)}\n`);
  else for (const { what, ok, detail } of checks) io.stdout(`${ok ? 'ok  ' : 'no  '} ${what}: ${detail}\n`);
  if (checks.some((check) => !check.ok)) io.exitCode = 1;
}

export async function runRemove(name: string, format: Format, io: Io): Promise<void> {
  const { removeTrusted, trustedIdp } = await import('../../idp/trust.ts');
  const paths = statePaths(io.env);
  const { issuer } = await trustedIdp(paths, name);
  await removeTrusted(paths, name);
  if (format === 'json') io.stdout(`${JSON.stringify({ ...envelope, removed: name })}\n`);
  else io.stderr(`${name} is no longer trusted. Nothing was changed at ${issuer}.\n`);
}

function resourceLine(resource: TrustedIdp['resources'][number]): string {
  const { key, uri, scopes, agentOnly, maxTtlSeconds, dpop, subject, authorizationServer } = resource;
  const notes = [
    agentOnly === true && `tokens of ${maxTtlSeconds} s that name the agent, no user`,
    authorizationServer !== undefined && `tokens of ${authorizationServer}`,
    subject === 'id-token' && 'asked for with an ID token',
    dpop === true && 'bound to a key (DPoP)',
  ].filter((note) => note !== false);
  return `  ${key}  ${uri}  ${scopes.join(' ')}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}\n`;
}
