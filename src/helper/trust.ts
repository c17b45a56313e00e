import { join } from 'node:path';
import type { TrustedIdp, TrustedResource } from '../idp/types.ts';
import { readJsonIfThere } from '../lib/files.ts';
import { listNames } from '../lib/find-up.ts';
import type { StatePaths } from '../lib/state.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';

/**
 * Finds the trust that this user gave to an issuer. The name in the lock is a hint; the issuer decides.
 * Throws `untrusted-issuer`, before any request.
 */
export async function findTrust(
  paths: Pick<StatePaths, 'idp'>,
  { idp, issuer }: Pick<LockedAgent, 'idp' | 'issuer'>,
): Promise<TrustedIdp> {
  const trusted = (await readTrusts(paths)).filter((trust) => trust.issuer === issuer);
  const found = trusted.find((trust) => trust.name === idp) ?? trusted[0];
  if (found !== undefined) return found;
  throw new AgentIdError('untrusted-issuer', 'the lock file names an issuer that is not trusted here', {
    where: issuer,
    hint: 'If you trust it: agent-id idp add NAME --type TYPE --issuer URL',
  });
}

/** Finds the trust of this name, or the only one there is. Throws `unknown-name`, `ambiguous`. */
export async function findTrustByName(
  paths: Pick<StatePaths, 'idp'>,
  name: string | undefined,
): Promise<TrustedIdp> {
  const all = await readTrusts(paths);
  const candidates = name === undefined ? all : all.filter((trust) => trust.name === name);
  const [only, second] = candidates;
  if (only !== undefined && second === undefined) return only;
  const names = all.map((trust) => trust.name).join(', ');
  if (only === undefined) {
    throw new AgentIdError('unknown-name', 'no such identity provider is trusted here', {
      hint: names === '' ? 'Trust one first: agent-id idp add, or agent-id idp start' : `There is: ${names}`,
    });
  }
  throw new AgentIdError('ambiguous', 'more than one identity provider is trusted here', {
    hint: `Name one with --idp: ${names}`,
  });
}

/**
 * Finds a resource of the trust by its key or its URI. What the lock says about the same key must agree.
 * Throws `untrusted-resource`, before any request.
 */
export function findResource(trust: TrustedIdp, agent: LockedAgent, keyOrUri: string): TrustedResource {
  const found = trust.resources.find(({ key, uri }) => key === keyOrUri || uri === keyOrUri);
  if (found === undefined) {
    throw new AgentIdError('untrusted-resource', `${trust.name} has no trusted resource of this name`, {
      where: keyOrUri,
      hint: `There is: ${trust.resources.map(({ key }) => key).join(', ') || 'none'}. Trust comes from: agent-id idp add`,
    });
  }
  const locked = agent.resources.find(({ key }) => key === found.key);
  if (locked !== undefined && locked.uri !== found.uri) {
    throw new AgentIdError('untrusted-resource', 'the lock file gives this resource another address', {
      where: `${found.key}: ${locked.uri}`,
      hint: `Trusted is ${found.uri}. Review the change of agent-id.lock.json.`,
    });
  }
  return found;
}

async function readTrusts(paths: Pick<StatePaths, 'idp'>): Promise<readonly TrustedIdp[]> {
  const names = (await listNames(paths.idp)).filter((name) => /^[a-z0-9][a-z0-9-]*\.json$/.test(name));
  const all = await Promise.all(
    names.map(async (name) => {
      const path = join(paths.idp, name);
      const data = await readJsonIfThere(path);
      return data === undefined ? undefined : toTrust(data, path);
    }),
  );
  return all.filter((trust) => trust !== undefined);
}

function toTrust(data: unknown, path: string): TrustedIdp {
  const trust = data as TrustedIdp;
  const version: unknown = (trust as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > 1) {
    throw new AgentIdError('newer-schema', 'a trust file is of a newer version', {
      where: path,
      hint: 'Upgrade agent-id.',
    });
  }
  if (version === 1 && typeof trust.issuer === 'string' && Array.isArray(trust.resources)) return trust;
  throw new AgentIdError('malformed', 'a trust file is malformed', {
    where: path,
    hint: 'Add the provider again: agent-id idp add',
  });
}
