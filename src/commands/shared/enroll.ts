import { adapterFor } from '../../idp/index.ts';
import { trustedByIssuer } from '../../idp/trust.ts';
import type { IdpAdapter, PlatformTrust } from '../../idp/types.ts';
import { appendAudit } from '../../audit/log.ts';
import { readLocked } from '../../helper/locked.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { assertSecure } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { makeAgentKey } from '../../lib/keys.ts';
import { statePaths } from '../../lib/state.ts';
import type { LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';

export interface EnrollOptions {
  readonly name?: string;
  readonly ci?: string;
  readonly claim: readonly string[];
  readonly format: 'text' | 'json';
}

/** Makes a key here and registers its public half, or lets the jobs of a platform be the agent. */
export async function runEnroll(id: string, options: EnrollOptions, io: Io): Promise<void> {
  const locked = await readLocked(id, io.cwd);
  if (options.ci === undefined) await enrollHere({ id, locked }, options, io);
  else await enrollJobs({ id, locked }, toPlatform(options.ci, options.claim), options, io);
}

interface Whom {
  readonly id: string;
  readonly locked: LockedAgent;
}

async function enrollHere(whom: Whom, options: EnrollOptions, io: Io): Promise<void> {
  const name = await toName(options);
  const { key, created } = await makeAgentKey(statePaths(io.env), whom.id);
  await audited(whom, io, async () => (await open(whom.locked, io)).addKey(whom.locked.clientId, key));
  if (options.format === 'json') {
    print(io, { agent: whom.id, thumbprint: key.kid, name, created });
    return;
  }
  io.stdout(`${key.kid}\n`);
  io.stderr(
    `${whom.id} has a ${created ? 'new' : 'known'} key on this machine (${name}), and the provider knows its public half.\n`,
  );
}

async function enrollJobs(
  whom: Whom,
  platform: PlatformTrust,
  options: EnrollOptions,
  io: Io,
): Promise<void> {
  const claims = Object.entries(platform.claims).map(([name, value]) => `${name}=${value}`);
  await audited(whom, io, async () => {
    const adapter = await open(whom.locked, io);
    if (adapter.trustPlatform === undefined) throw byHand(adapter, whom, [platform.issuer, ...claims]);
    await adapter.trustPlatform(whom.locked.clientId, platform);
  });
  if (options.format === 'json') print(io, { agent: whom.id, platform });
  else
    io.stderr(
      `Jobs of ${printable(platform.issuer)} with ${printable(claims.join(', '))} are ${whom.id}: no key lies there.\n`,
    );
}

/** The standards know no way to register it: what stands here is what an administrator must enter. */
function byHand(adapter: IdpAdapter, { locked }: Whom, conditions: readonly string[]): AgentIdError {
  return new AgentIdError('unsupported', `${adapter.trust.name} has no interface for the identity of jobs`, {
    where: adapter.trust.issuer,
    hint: `Let its administrator accept, for the client ${locked.clientId}, assertions of ${conditions.join(', ')} (RFC 7523 section 2.2). The job then needs no key.`,
  });
}

/** Without an immutable claim a repository of the same name, made later by somebody else, would be the agent. */
function toPlatform(issuer: string, pairs: readonly string[]): PlatformTrust {
  assertSecure(issuer);
  const claims = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1 || at === pair.length - 1) throw new AgentIdError('usage', '--claim takes NAME=VALUE');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  if (Object.keys(claims).some((name) => name === 'sub' || name.endsWith('_id'))) return { issuer, claims };
  throw new AgentIdError('usage', '--ci needs a claim that nobody else can have: sub, or an id', {
    hint: 'GitHub: --claim repository_id=N --claim ref=refs/heads/main. GitLab: --claim project_id=N --claim ref_protected=true.',
  });
}

async function open(locked: LockedAgent, io: Io): Promise<IdpAdapter> {
  const paths = statePaths(io.env);
  return adapterFor(await trustedByIssuer(paths, locked.issuer), { paths, clock: io.clock });
}

async function audited({ id, locked }: Whom, io: Io, task: () => Promise<unknown>): Promise<void> {
  const note = async (result: 'ok' | 'failed', reason: string | null): Promise<void> => {
    await appendAudit(statePaths(io.env), {
      action: 'enroll',
      time: toTimestamp(io.clock()),
      agent: { id, displayName: locked.displayName, clientId: locked.clientId },
      user: null,
      asItself: false,
      resource: null,
      operation: 'agents enroll',
      scopes: [],
      result,
      reason,
      jti: null,
    });
  };
  try {
    await task();
  } catch (error) {
    await note('failed', error instanceof AgentIdError ? error.code : 'internal');
    throw error;
  }
  await note('ok', null);
}

async function toName({ name }: EnrollOptions): Promise<string> {
  if (name === undefined) return (await import('node:os')).hostname();
  if (/^[\w .:@-]{1,100}$/.test(name)) return name;
  throw new AgentIdError('usage', '--name takes letters, digits, spaces and . : @ _ -');
}

function print(io: Io, data: object): void {
  io.stdout(`${JSON.stringify({ ...envelope, ...data }, null, 2)}\n`);
}
