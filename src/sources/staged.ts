import { gitTop, runGit } from '../lib/git.ts';
import { decodeText, type Decoded } from '../lib/text.ts';
import { tooLarge } from '../lib/walk.ts';
import { AgentIdError } from '../model/error.ts';
import { stagedSince, type Staged } from './staged-list.ts';
import type { TextSource } from './types.ts';

/** Finds the top of the repository that would be committed to. Throws `no-git` outside a repository. */
export async function stagedRoot(folder: string): Promise<string> {
  const root = await gitTop(folder);
  if (root !== undefined) return root;
  throw new AgentIdError('no-git', 'there is no git repository here', {
    where: folder,
    hint: 'Run it inside a work tree, or scan a folder.',
  });
}

/** Opens what would be committed: the changed files as they stand in the index. Throws `no-git` outside a repository. */
export async function openStaged(folder: string, maxBytes: number): Promise<TextSource> {
  const root = await stagedRoot(folder);
  const staged = new Map((await listStaged(root)).map((entry) => [entry.path, entry]));
  const sizes = await blobSizes(root, [...staged.values()]);
  return {
    kind: 'staged',
    root,
    paths: [...staged.keys()],
    read: async (path) => {
      const entry = staged.get(path);
      return entry === undefined ? { reason: 'not staged' } : readStaged(root, entry, sizes, maxBytes);
    },
  };
}

async function listStaged(root: string): Promise<readonly Staged[]> {
  const head = await runGit(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{tree}']);
  return stagedSince(root, head.code === 0 ? 'HEAD' : await emptyTree(root));
}

/** A repository without commits is compared with nothing. */
async function emptyTree(root: string): Promise<string> {
  return (await runGit(root, ['hash-object', '-t', 'tree', '--stdin'])).stdout.toString().trim();
}

async function blobSizes(root: string, entries: readonly Staged[]): Promise<ReadonlyMap<string, number>> {
  const asked = entries.map((entry) => entry.blob).join('\n');
  const { stdout } = await runGit(
    root,
    ['cat-file', '--batch-check=%(objectname) %(objectsize)'],
    `${asked}\n`,
  );
  const sizes = stdout
    .toString()
    .split('\n')
    .map((line) => line.split(' '));
  return new Map(sizes.map(([name = '', size = '']) => [name, Number(size)]));
}

async function readStaged(
  root: string,
  entry: Staged,
  sizes: ReadonlyMap<string, number>,
  maxBytes: number,
): Promise<Decoded> {
  if (entry.mode === '160000') return { reason: 'submodule or nested repository' };
  if (entry.mode === '120000') return { reason: 'symbolic link' };
  if ((sizes.get(entry.blob) ?? 0) > maxBytes) return { reason: tooLarge(maxBytes) };
  const { code, stdout } = await runGit(root, ['cat-file', 'blob', entry.blob]);
  return code === 0 ? decodeText(stdout) : { reason: 'unreadable' };
}
