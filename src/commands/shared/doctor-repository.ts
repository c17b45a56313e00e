import { join } from 'node:path';
import { toTimestamp } from '../../lib/clock.ts';
import { baselineName, readBaseline } from '../../lib/baseline.ts';
import { configName } from '../../lib/config.ts';
import { readTextIfThere } from '../../lib/files.ts';
import { listNames } from '../../lib/find-up.ts';
import { readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { sha256 } from '../../migrate/swap.ts';
import { transactionsFolder } from '../../migrate/transaction.ts';
import { openTree } from '../../sources/tree.ts';
import { bad, none, ok, type Diagnosis, type Ward } from './doctor-ward.ts';
import { findHookPlace } from './hook-place.ts';
import { hookMark } from './hook-block.ts';
import { openEyes } from './survey.ts';

/** Settings, the rules that they name, and the provider that they choose. */
export async function checkConfig({ root, io, flags }: Ward): Promise<Diagnosis> {
  if (flags.config === false) return none('not read (--no-config)');
  const { config, own, unkeyed } = await openEyes(root, flags, { ...io, stderr: () => undefined });
  if (config.unknown.length > 0)
    return bad(
      `fields that are not known: ${config.unknown.join(', ')}`,
      `Take them out of ${configName}, or mend their spelling.`,
    );
  if (unkeyed) return none('no salt: fingerprints can be made by anybody; agent-id init');
  return ok(`valid, ${own.rules.length + own.foreign.length} own rules`);
}

export async function checkBaseline({ root, io }: Ward): Promise<Diagnosis> {
  const accepted = Object.values((await readBaseline(join(root, baselineName))).accepted);
  if (accepted.length === 0) return none('nothing is accepted here');
  const today = toTimestamp(io.clock()).slice(0, 10);
  const ended = accepted.filter(({ expires }) => expires !== undefined && expires < today);
  if (ended.length === 0) return ok(`${accepted.length} accepted, none ended`);
  return bad(
    `${ended.length} of ${accepted.length} accepted findings ended, the first in ${ended[0]?.path}`,
    'Take the values out; or agent-id scan --write-baseline --reason TEXT --expires DATE.',
  );
}

export async function checkHook({ io, inGit }: Ward): Promise<Diagnosis> {
  if (!inGit) return none('no repository here');
  const place = await findHookPlace(io.cwd);
  if (place.kind === 'manager') {
    if (place.named) return ok(`${place.file} names agent-id`);
  } else if ((await readTextIfThere(place.path))?.includes(hookMark) === true) return ok(place.path);
  return bad('what is committed is not scanned before', 'agent-id hook install');
}

/** The helpers in the tree are those that a migration wrote. */
export async function checkHelpers({ root }: Ward): Promise<Diagnosis> {
  const { agents } = await readLock(root);
  const wanted = new Map<string, string>();
  for (const [id, { consumers }] of Object.entries(agents))
    for (const { helperSha256 } of consumers) if (helperSha256 !== undefined) wanted.set(id, helperSha256);
  if (wanted.size === 0) return none('no consumer has one');
  const source = await openTree(root, { maxBytes: 1_000_000, include: [], exclude: [] });
  const paths = source.paths.filter((path) => /(^|\/)agent-id\/helper\.(mjs|py|go|sh)$/.test(path));
  const there = new Set<string>();
  for (const path of paths) {
    const text = await readTextIfThere(join(root, path));
    if (text !== undefined) there.add(sha256(text));
  }
  const changed = [...wanted].filter(([, sum]) => !there.has(sum)).map(([id]) => id);
  if (changed.length === 0) return ok(`${paths.length} files, as the lock file says`);
  return bad(
    `the helper of ${changed.join(', ')} is gone, or not what was written`,
    'Restore agent-id/helper.* from git, where the migration committed it.',
  );
}

export async function checkMigration({ root, io }: Ward): Promise<Diagnosis> {
  const folder = await transactionsFolder(statePaths(io.env).tx, root);
  let open = 0;
  for (const id of await listNames(folder)) {
    const journal = await readTextIfThere(join(folder, id, 'journal.ndjson'));
    if (journal === undefined) continue;
    if (!journal.includes('"step":"applied"'))
      return bad(`${id} was interrupted`, 'agent-id migrate --resume, or agent-id migrate --rollback');
    open += 1;
  }
  if (open === 0) return none('none is open');
  return ok('done, and not settled: agent-id migrate --status');
}
