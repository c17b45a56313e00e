import { askWhichOf } from './ask.ts';
import { resolve } from 'node:path';
import { adapterFor } from '../../idp/index.ts';
import { listTrusted, trustedByIssuer } from '../../idp/trust.ts';
import type { IdpAdapter, Registration } from '../../idp/types.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { readJsonIfThere } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { lockName, parseLock, readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { Lock } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';
import { audited, openLock } from './locked-agent.ts';

export interface GcOptions {
  readonly format: 'text' | 'json';
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Lock files of other repositories. */
  readonly lock: readonly string[];
  /** Client ids or agents' ids: nothing else is removed. */
  readonly only: readonly string[];
}

/** An application with our marker that none of the lock files names. */
interface Orphan {
  readonly adapter: IdpAdapter;
  readonly found: Registration;
}

/** An agent of the lock file whose application is gone. */
interface Missing {
  readonly id: string;
  readonly idp: string;
  readonly clientId: string;
}

interface Rubbish {
  readonly orphans: readonly Orphan[];
  readonly missing: readonly Missing[];
  /** Providers that could not be asked, and why. */
  readonly unasked: readonly { readonly issuer: string; readonly why: string }[];
}

/** Finds what provider and lock files do not agree on, and removes what the person chose. Exits with 1 where something is left. */
export async function runGc(options: GcOptions, io: Io): Promise<void> {
  const { lock, root } = await openLock(io);
  const others = await Promise.all(options.lock.map((path) => readOther(resolve(io.cwd, path))));
  const rubbish = await findRubbish(lock, others, io);
  if (options.format === 'text') show(rubbish, options, io);
  const chosen = options.dryRun === true ? nothing : await choose(rubbish, options, io);
  for (const { adapter, found } of chosen.orphans) {
    const agent = { displayName: found.displayName, clientId: found.clientId };
    await audited(
      { action: 'remove', id: found.clientId, agent, trust: adapter.trust, operation: 'agents gc' },
      io,
      () => adapter.remove(found.clientId),
    );
  }
  await forget(root, chosen.missing, io);
  report(rubbish, chosen, options, io);
}

const nothing: Pick<Rubbish, 'orphans' | 'missing'> = { orphans: [], missing: [] };

async function readOther(path: string): Promise<Lock> {
  const data = await readJsonIfThere(path);
  if (data !== undefined) return parseLock(data, path);
  throw new AgentIdError('unreadable', 'there is no such lock file', { where: path });
}

async function findRubbish(lock: Lock, others: readonly Lock[], io: Io): Promise<Rubbish> {
  const paths = statePaths(io.env);
  const orphans: Orphan[] = [];
  const missing: Missing[] = [];
  const unasked: { issuer: string; why: string }[] = [];
  for (const issuer of await issuersOf(lock, io)) {
    try {
      const adapter = await adapterFor(await trustedByIssuer(paths, issuer), { paths, clock: io.clock });
      missing.push(...(await findMissing(lock, adapter)));
      const known = new Set([lock, ...others].flatMap((one) => clientIdsOf(one, issuer)));
      const there = await adapter.list();
      orphans.push(
        ...there.filter(({ clientId }) => !known.has(clientId)).map((found) => ({ adapter, found })),
      );
    } catch (error) {
      if (!(error instanceof AgentIdError)) throw error;
      unasked.push({ issuer, why: error.message });
    }
  }
  return { orphans, missing, unasked };
}

/** Those that the lock names; all trusted ones where it names none, as after a lock file that was lost. */
async function issuersOf({ agents }: Lock, io: Io): Promise<Iterable<string>> {
  const named = new Set(Object.values(agents).map(({ issuer }) => issuer));
  return named.size > 0 ? named : (await listTrusted(statePaths(io.env))).map(({ issuer }) => issuer);
}

async function findMissing(lock: Lock, adapter: IdpAdapter): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const [id, { clientId, idp, issuer }] of Object.entries(lock.agents)) {
    if (issuer !== adapter.trust.issuer || (await adapter.inspect(clientId)) !== undefined) continue;
    missing.push({ id, idp, clientId });
  }
  return missing;
}

function clientIdsOf(lock: Lock, issuer: string): readonly string[] {
  return Object.values(lock.agents).flatMap((agent) => (agent.issuer === issuer ? agent.clientId : []));
}

function show({ orphans, missing, unasked }: Rubbish, { lock }: GcOptions, io: Io): void {
  for (const { adapter, found } of orphans)
    io.stdout(`${printable(`no lock  ${adapter.trust.name}  ${found.clientId}  ${lineOf(found)}`)}\n`);
  for (const { clientId, id, idp } of missing)
    io.stdout(`${printable(`gone     ${idp}  ${clientId}  agent ${id} of ${lockName}`)}\n`);
  for (const { issuer, why } of unasked) io.stderr(`${printable(`${issuer} was not asked: ${why}`)}\n`);
  if (orphans.length > 0)
    io.stderr(
      `Other repositories have lock files of their own: name each with --lock FILE${lock.length === 0 ? '' : ` (${lock.length} named)`}, or remove only what you know: --only CLIENT.\n`,
    );
}

function lineOf({ displayName, lastTokenAt, status }: Registration): string {
  const last = lastTokenAt === null ? 'no token known' : `last token ${toTimestamp(lastTokenAt * 1000)}`;
  return `${displayName}  ${status}  ${last}`;
}

async function choose(rubbish: Rubbish, options: GcOptions, io: Io): Promise<typeof nothing> {
  const { only, yes } = options;
  const named = (...names: readonly string[]): boolean =>
    only.length === 0 || names.some((name) => only.includes(name));
  const orphans = rubbish.orphans.filter(({ found }) => named(found.clientId));
  const missing = rubbish.missing.filter(({ clientId, id }) => named(clientId, id));
  if (orphans.length + missing.length === 0) return nothing;
  if (yes === true) return { orphans: orphans.filter((one) => only.length > 0 || isIdle(one, io)), missing };
  if (!io.interactive) return nothing;
  const answer = await askWhichOf(
    'What goes? A removed application cannot be brought back.',
    [
      ...orphans.map(({ found }) => ({
        value: found.clientId,
        label: `${found.clientId}  ${lineOf(found)}`,
      })),
      ...missing.map(({ clientId, id }) => ({ value: clientId, label: `${id} in ${lockName}` })),
    ],
    missing.map(({ clientId }) => clientId),
    false,
  );
  return {
    orphans: orphans.filter(({ found }) => answer.includes(found.clientId)),
    missing: missing.filter(({ clientId }) => answer.includes(clientId)),
  };
}

const IDLE_MS = 30 * 86_400_000;

/** What got a token lately, or of which that is not known, may be another repository's: only who names it removes it. */
function isIdle({ found: { lastTokenAt } }: Orphan, io: Io): boolean {
  return lastTokenAt !== null && io.clock() - lastTokenAt * 1000 > IDLE_MS;
}

/** This machine's key stays: another repository may have an agent of this name. */
async function forget(root: string, missing: readonly Missing[], io: Io): Promise<void> {
  if (missing.length === 0) return;
  const lock = await readLock(root);
  const left = Object.entries(lock.agents).filter(([id]) => !missing.some((one) => one.id === id));
  await writeLock(statePaths(io.env).tx, root, { ...lock, agents: Object.fromEntries(left) });
}

function report(rubbish: Rubbish, chosen: typeof nothing, { format }: GcOptions, io: Io): void {
  const removed = [
    ...chosen.orphans.map(({ found }) => found.clientId),
    ...chosen.missing.map(({ clientId }) => clientId),
  ];
  const all = rubbish.orphans.length + rubbish.missing.length;
  if (all > removed.length || rubbish.unasked.length > 0) io.exitCode = 1;
  if (format === 'json') {
    const orphans = rubbish.orphans.map(
      ({ adapter, found: { clientId, displayName, lastTokenAt, status } }) => {
        const last = lastTokenAt === null ? null : toTimestamp(lastTokenAt * 1000);
        return { idp: adapter.trust.name, clientId, displayName, status, lastTokenAt: last };
      },
    );
    const { missing, unasked } = rubbish;
    io.stdout(`${JSON.stringify({ ...envelope, orphans, missing, unasked, removed }, null, 2)}\n`);
    return;
  }
  if (all === 0) io.stderr('Provider and lock file agree.\n');
  else
    io.stderr(
      `${removed.length} of ${all} removed.${removed.length < all ? ' Remove with --yes, or some with --only.' : ''}\n`,
    );
}
