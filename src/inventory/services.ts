import type { SourceFile } from './types.ts';
import { baseOf, folderOf, isInside, joinPath } from './paths.ts';

/** Folders that are one service each, deepest first. */
export interface Services {
  readonly roots: readonly string[];
}

const markers = new Set([
  'package.json',
  'pyproject.toml',
  'requirements.txt',
  'setup.py',
  'Pipfile',
  'go.mod',
  'Dockerfile',
]);
const collections = new Set(['services', 'apps', 'cmd', 'packages', 'functions', 'lambdas']);

/** Finds the service folders of a tree: by a marker file, by a compose build, by the folder of collections. */
export function findServices(paths: readonly string[], sources: readonly SourceFile[]): Services {
  const roots = new Set<string>();
  for (const path of paths) {
    if (path.includes('node_modules/')) continue;
    const name = baseOf(path);
    if (markers.has(name) || /^Dockerfile\.|\.dockerfile$/i.test(name)) roots.add(folderOf(path));
    const collected = collectedIn(path);
    if (collected !== undefined) roots.add(collected);
  }
  for (const source of sources) for (const folder of builtFolders(source)) roots.add(folder);
  return { roots: [...roots].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)) };
}

/** Gives the folder of the service that a file belongs to, or the file itself where there is none. */
export function serviceOf(services: Services, path: string): string {
  return services.roots.find((root) => isInside(path, root)) ?? path;
}

/** Gives the build folder of each service of a compose file. */
export function buildFolder(source: SourceFile, prefix: string): string | undefined {
  const slots = source.facts.slots;
  const slot =
    slots.find((one) => one.path === `${prefix}.build.context`) ??
    slots.find((one) => one.path === `${prefix}.build`);
  return slot === undefined ? undefined : joinPath(folderOf(source.facts.path), slot.value);
}

function builtFolders(source: SourceFile): readonly string[] {
  if (source.facts.format !== 'yaml') return [];
  return source.facts.slots.flatMap((slot) => {
    const match = /^(services\.[^.[]+)\.build(\.context)?$/.exec(slot.path);
    const folder = match === null ? undefined : buildFolder(source, match[1] ?? '');
    return folder === undefined || folder === '' ? [] : [folder];
  });
}

function collectedIn(path: string): string | undefined {
  const parts = path.split('/');
  const at = parts.findIndex((part, index) => collections.has(part) && index < parts.length - 2);
  return at === -1 ? undefined : parts.slice(0, at + 2).join('/');
}
