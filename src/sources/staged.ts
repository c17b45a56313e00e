import { gitTop, runGit, splitNul } from '../lib/git.ts';
import { decodeText } from '../lib/text.ts';
import { AgentIdError } from '../model/error.ts';
import type { TextSource } from './types.ts';

/** Opens what would be committed: the changed files as they stand in the index. Throws `no-git` outside a repository. */
export async function openStaged(folder: string, maxBytes: number): Promise<TextSource> {
  const root = await gitTop(folder);
  if (root === undefined) {
    throw new AgentIdError('no-git', 'there is no git repository here', {
      where: folder,
      hint: 'Run it inside a work tree, or scan a folder.',
    });
  }
  const { stdout } = await runGit(root, [
    'diff',
    '--cached',
    '--name-only',
    '-z',
    '--no-ext-diff',
    '--no-textconv',
    '--diff-filter=ACMRT',
  ]);
  return {
    kind: 'staged',
    root,
    paths: splitNul(stdout),
    read: async (path) => {
      const blob = await runGit(root, ['cat-file', 'blob', `:${path}`]);
      if (blob.code !== 0) return { reason: 'submodule or nested repository' };
      if (blob.stdout.length > maxBytes)
        return { reason: `larger than ${Math.round(maxBytes / 1_000_000)} MB` };
      return decodeText(blob.stdout);
    },
  };
}
