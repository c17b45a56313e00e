import { join } from 'node:path';
import { deleteFile, makePrivateFolder, readJsonIfThere, writeWhole } from '../lib/files.ts';
import { listNames } from '../lib/find-up.ts';
import { assertSecure } from '../lib/http.ts';
import type { StatePaths } from '../lib/state.ts';
import { AgentIdError } from '../model/error.ts';
import { toRecord } from './metadata.ts';
import type { TrustedIdp } from './types.ts';

type TrustFolder = Pick<StatePaths, 'idp'>;

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const types = ['embedded', 'oidc', 'okta', 'keycloak', 'auth0', 'entra'] as const;

/** Lists every identity provider that this user trusts, by name. Throws `malformed`, `newer-schema`. */
export async function listTrusted(paths: TrustFolder): Promise<readonly TrustedIdp[]> {
  const names = await listNames(paths.idp);
  const ours = names.filter((name) => name.endsWith('.json') && namePattern.test(name.slice(0, -5)));
  const read = await Promise.all(ours.map((name) => readTrusted(paths, name.slice(0, -5))));
  return read.filter((trust) => trust !== undefined);
}

/** Gives the provider of this name. Throws `unknown-name`. */
export async function trustedIdp(paths: TrustFolder, name: string): Promise<TrustedIdp> {
  const trust = namePattern.test(name) ? await readTrusted(paths, name) : undefined;
  if (trust !== undefined) return trust;
  const names = (await listTrusted(paths)).map((one) => one.name).join(', ');
  throw new AgentIdError('unknown-name', `no identity provider called ${name} is trusted here`, {
    hint: names === '' ? 'Trust one first: agent-id idp add' : `There is: ${names}`,
  });
}

/**
 * Gives the provider of this name, else of this issuer (`AGENT_ID_ISSUER`), else the only one there is. Throws
 * `unknown-name`, `untrusted-issuer`, `ambiguous`.
 */
export async function chosenIdp(
  paths: TrustFolder,
  name: string | undefined,
  issuer?: string,
): Promise<TrustedIdp> {
  if (name !== undefined) return trustedIdp(paths, name);
  if (issuer !== undefined && issuer !== '') return trustedByIssuer(paths, issuer);
  const [only, ...others] = await listTrusted(paths);
  if (only === undefined) {
    throw new AgentIdError('unknown-name', 'no identity provider is trusted here yet', {
      hint: 'Start the embedded one with agent-id idp start, or trust another: agent-id idp add',
    });
  }
  if (others.length === 0) return only;
  throw new AgentIdError('ambiguous', 'more than one identity provider is trusted here', {
    hint: `Name one with --idp: ${[only, ...others].map((one) => one.name).join(', ')}`,
  });
}

/** Gives the provider of this issuer. Throws `untrusted-issuer`, before any request. */
export async function trustedByIssuer(paths: TrustFolder, issuer: string): Promise<TrustedIdp> {
  const trust = (await listTrusted(paths)).find((one) => one.issuer === issuer);
  if (trust !== undefined) return trust;
  throw new AgentIdError('untrusted-issuer', 'this issuer is not trusted here', {
    where: issuer.slice(0, 200),
    hint: 'Nothing was sent to it. If you trust it: agent-id idp add NAME --type TYPE --issuer URL',
  });
}

/** Writes what this user trusts, 0600. An issuer has one name only. Throws `conflict`, `usage`. */
export async function writeTrusted(paths: TrustFolder, trust: TrustedIdp): Promise<void> {
  assertTrust(trust, trust.name);
  const other = (await listTrusted(paths)).find(
    (one) => one.issuer === trust.issuer && one.name !== trust.name,
  );
  if (other !== undefined) {
    throw new AgentIdError('conflict', `this issuer is trusted already, as ${other.name}`, {
      where: trust.issuer,
    });
  }
  await makePrivateFolder(paths.idp);
  await writeWhole(fileOf(paths, trust.name), `${JSON.stringify(trust, null, 2)}\n`);
}

/** Ends the trust. A missing one is no error. */
export async function removeTrusted(paths: TrustFolder, name: string): Promise<void> {
  if (namePattern.test(name)) await deleteFile(fileOf(paths, name));
}

async function readTrusted(paths: TrustFolder, name: string): Promise<TrustedIdp | undefined> {
  const path = fileOf(paths, name);
  const data = await readJsonIfThere(path);
  if (data === undefined) return undefined;
  const version = toRecord(data)['schemaVersion'];
  if (typeof version === 'number' && version > 1) {
    throw new AgentIdError('newer-schema', 'a trust file is of a newer version', {
      where: path,
      hint: 'Upgrade agent-id.',
    });
  }
  const trust = data as TrustedIdp;
  if (version !== 1 || trust.name !== name || !isTrust(toRecord(data))) {
    throw new AgentIdError('malformed', 'a trust file is malformed', {
      where: path,
      hint: 'Add the provider again: agent-id idp add',
    });
  }
  assertTrust(trust, path);
  return trust;
}

function isTrust(data: Readonly<Record<string, unknown>>): boolean {
  const { type, issuer, resources } = data;
  return types.some((one) => one === type) && typeof issuer === 'string' && Array.isArray(resources);
}

function assertTrust(trust: TrustedIdp, where: string): void {
  if (!namePattern.test(trust.name)) {
    throw new AgentIdError(
      'usage',
      'the name of an identity provider is lower-case letters, digits and hyphens',
      {
        where,
      },
    );
  }
  assertSecure(trust.issuer);
  if (trust.loginIssuer !== undefined) assertSecure(trust.loginIssuer);
  for (const { uri, authorizationServer } of trust.resources) {
    if (authorizationServer !== undefined) assertSecure(authorizationServer);
    if (URL.canParse(uri) && !uri.includes('#')) continue;
    throw new AgentIdError('usage', 'a resource must be an absolute URI without fragment', { where: uri });
  }
}

function fileOf(paths: TrustFolder, name: string): string {
  return join(paths.idp, `${name}.json`);
}
