import { runGit, splitNul } from '../lib/git.ts';
import { AgentIdError } from '../model/error.ts';

/** One staged file. */
export interface Staged {
  readonly path: string;
  readonly mode: string;
  readonly blob: string;
}

/**
 * Lists what is staged and not so in a commit or tree, as raw entries, so that neither a filter nor a converter of
 * the repository runs. Throws `unreadable`.
 */
export async function stagedSince(root: string, base: string): Promise<readonly Staged[]> {
  const { code, stdout, stderr } = await runGit(root, [
    'diff-index',
    '--cached',
    '--raw',
    '--abbrev=64',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--no-relative',
    '--diff-filter=ACMRT',
    base,
  ]);
  if (code !== 0) {
    throw new AgentIdError('unreadable', 'git cannot list what is staged', { where: root, detail: stderr });
  }
  return toStaged(splitNul(stdout));
}

/** Fields come in turn: `:oldmode newmode oldblob newblob status`, then the path. */
function toStaged(fields: readonly string[]): readonly Staged[] {
  const entries: Staged[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , blob = ''] = (fields[at] ?? '').split(' ');
    entries.push({ path: fields[at + 1] ?? '', mode, blob });
  }
  return entries;
}
