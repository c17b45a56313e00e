import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { git, makeTree, oktaToken, put, scan } from '../commands/scan-kit.ts';

/** Makes an empty repository. */
export function makeRepo(...options: readonly string[]): string {
  const root = makeTree({});
  git(root, 'init', '--quiet', '--initial-branch=main', ...options);
  return root;
}

/** Commits files; null deletes one. Gives the commit's name. */
export function commit(root: string, files: Readonly<Record<string, string | null>>): string {
  for (const [path, content] of Object.entries(files))
    if (content === null) git(root, 'rm', '--quiet', path);
    else put(root, path, content);
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '--message', 'change');
  return git(root, 'rev-parse', 'HEAD').trim();
}

/** A line that holds a secret. */
export function leak(name = 'OKTA_API_TOKEN'): string {
  return `${name}=${oktaToken()}\n`;
}

/** Text of so many lines without a secret. */
export function plainLines(count: number, seed = ''): string {
  return Array.from({ length: count }, (_, n) => `line ${n} ${seed} of a plain file\n`).join('');
}

/** Scans the history and gives where findings are, sorted. */
export async function places(root: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { findings } = await scan(root, '--history', ...args);
  return findings.map(({ location }) => `${location.path}:${location.startLine}`).sort();
}

/** Paths of packs and indexes of a repository. */
export function packFiles(root: string, ending: string): readonly string[] {
  const folder = join(root, '.git/objects/pack');
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

/** Counts the bytes and entries below a folder, to show that nothing was written. */
export function weigh(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const sizes = names.map((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() ? readFileSync(path).length : 0;
  });
  return `${names.length} ${sizes.reduce((a, b) => a + b, 0)}`;
}
