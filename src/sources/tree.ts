import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { gitTop, runGit, splitNul } from '../lib/git.ts';
import { readTreeFile } from '../lib/walk.ts';
import { AgentIdError } from '../model/error.ts';
import type { TextSource } from './types.ts';

export interface TreeOptions {
  readonly maxBytes: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Opens a folder or a file: in a git work tree the tracked and untracked files minus ignored ones, elsewhere all
 * files. Throws `unreadable` for a path that cannot be read.
 */
export async function openTree(path: string, options: TreeOptions): Promise<TextSource> {
  const stat = await lstat(await realpath(path).catch(() => path)).catch((cause: unknown) => {
    throw new AgentIdError('unreadable', 'the path to scan cannot be read', { cause, where: path });
  });
  const root = stat.isDirectory() ? await realpath(path) : dirname(await realpath(path));
  const listed = stat.isDirectory() ? await listFolder(root) : [basename(path)];
  const paths = filterPaths(listed, options);
  return { kind: 'tree', root, paths, read: (name) => readTreeFile(join(root, name), options.maxBytes) };
}

async function listFolder(root: string): Promise<readonly string[]> {
  const top = await gitTop(root);
  if (top === undefined) return listPlain(root);
  const { code, stdout } = await runGit(root, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    '.',
  ]);
  return code === 0 ? [...new Set(splitNul(stdout))] : listPlain(root);
}

async function listPlain(root: string): Promise<readonly string[]> {
  const { default: glob } = await import('fast-glob');
  return glob('**/*', {
    cwd: root,
    dot: true,
    followSymbolicLinks: false,
    onlyFiles: false,
    suppressErrors: true,
    markDirectories: true,
    ignore: ['**/.git/**', '**/node_modules/**'],
  }).then((found) => found.filter((name) => !name.endsWith('/')).sort());
}

function filterPaths(paths: readonly string[], { include, exclude }: TreeOptions): readonly string[] {
  const wanted = include.map(toGlob);
  const unwanted = exclude.map(toGlob);
  return paths.filter(
    (path) =>
      (wanted.length === 0 || wanted.some((glob) => glob.test(path))) &&
      !unwanted.some((glob) => glob.test(path)),
  );
}

/** Compiles a glob of `*`, `**` and `?`; one without a slash matches a name in any folder. */
function toGlob(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '\u0001')
    .replaceAll('**', '\u0002')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\u0001', '(?:.*/)?')
    .replaceAll('\u0002', '.*');
  return new RegExp(glob.includes('/') ? `^${source}$` : `(?:^|/)${source}$`);
}

/** Gives a path relative to a root with `/`, as records hold it. */
export function toRelative(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}
