import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AgentIdError } from '../model/error.ts';
import { runGit, splitNul } from './git.ts';
import { readBounded } from './random-file.ts';
import { decodeText } from './text.ts';

const MOST_BYTES = 1 << 30;

/** Finds the full name of a commit that a person named. Throws `unknown-name`. */
export async function resolveCommit(top: string, ref: string): Promise<string> {
  const { code, stdout } = await runGit(top, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (code === 0) return stdout.toString().trim();
  throw new AgentIdError('unknown-name', 'there is no such commit here', {
    where: ref,
    hint: 'A shallow clone may lack it: fetch it, or clone with its history.',
  });
}

/** Reads a file as it stands at a commit; `undefined` where it is not there or is no text. */
export async function readCommitted(top: string, commit: string, path: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(top, ['cat-file', 'blob', `${commit}:${path}`]);
  if (code !== 0) return undefined;
  const decoded = decodeText(stdout);
  return 'text' in decoded ? decoded.text : undefined;
}

/**
 * Lists the files that differ, in the work tree, from where HEAD and a commit parted; untracked ones too. Compares raw
 * entries, so that no filter of the repository runs.
 */
export async function changedSince(top: string, commit: string): Promise<ReadonlySet<string>> {
  const base = (await runGit(top, ['merge-base', commit, 'HEAD'])).stdout.toString().trim();
  const { stdout } = await runGit(top, [
    'diff-index',
    '--raw',
    '--abbrev=64',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--diff-filter=d',
    base === '' ? commit : base,
    '--',
  ]);
  const fields = splitNul(stdout);
  const changed: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , before = '', after = ''] = (fields[at] ?? '').split(' ');
    const path = fields[at + 1] ?? '';
    // Git has not read a file of which only the times are others.
    if (!/^0+$/.test(after) || blobName(join(top, path), before.length) !== before) changed.push(path);
  }
  const fresh = await runGit(top, ['ls-files', '-z', '--others', '--exclude-standard']);
  return new Set([...changed, ...splitNul(fresh.stdout)]);
}

function blobName(file: string, length: number): string | undefined {
  const bytes = readBounded(file, MOST_BYTES);
  if (bytes === undefined) return undefined;
  const hash = createHash(length === 64 ? 'sha256' : 'sha1').update(`blob ${bytes.length}\0`);
  return hash.update(bytes).digest('hex');
}

/**
 * Maps today's paths of files that were renamed since a commit to their paths then. By the index: to read the files
 * themselves git would run the filters that the repository names.
 */
export async function renamesSince(top: string, commit: string): Promise<ReadonlyMap<string, string>> {
  const { code, stdout } = await runGit(top, [
    'diff',
    '--cached',
    '--no-ext-diff',
    '--no-textconv',
    '--find-renames',
    '--diff-filter=R',
    '--name-status',
    '-z',
    commit,
    '--',
  ]);
  const fields = code === 0 ? splitNul(stdout) : [];
  const renames = new Map<string, string>();
  for (let at = 0; at + 2 < fields.length; at += 3) renames.set(fields[at + 2] ?? '', fields[at + 1] ?? '');
  return renames;
}
