import type { SourceFile } from './types.ts';
import { folderOf, joinPath } from './paths.ts';

/** Which files of the tree each file imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Resolves the imports of every file to files of the tree; what lies outside it is not in the graph. */
export function toImportGraph(sources: readonly SourceFile[]): ImportGraph {
  const known = new Set(sources.map((source) => source.facts.path));
  const goFolders = new Map<string, string[]>();
  for (const path of known) {
    if (path.endsWith('.go')) goFolders.set(folderOf(path), [...(goFolders.get(folderOf(path)) ?? []), path]);
  }
  return new Map(
    sources.map((source) => [source.facts.path, [...new Set(targetsOf(source, known, goFolders))]]),
  );
}

/** Gives the files and all that they import, directly or not. */
export function closure(graph: ImportGraph, starts: Iterable<string>): ReadonlySet<string> {
  const reached = new Set<string>(starts);
  for (const path of reached) for (const next of graph.get(path) ?? []) reached.add(next);
  return reached;
}

function targetsOf(
  source: SourceFile,
  known: ReadonlySet<string>,
  goFolders: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const { path, format, imports } = source.facts;
  if (format === 'go') {
    // A package is its folder; an import path ends in the folder's path below the module.
    const siblings = goFolders.get(folderOf(path)) ?? [];
    const imported = imports.flatMap(({ module }) => goPackage(module, goFolders));
    return [...siblings, ...imported].filter((file) => file !== path && !file.endsWith('_test.go'));
  }
  if (format === 'python') {
    const isElsewhere = source.text.includes('sys.path');
    return imports.flatMap(({ module, names }) => {
      const found = pythonTargets(path, module, names).filter((one) => known.has(one));
      return found.length === 0 && isElsewhere ? onlyModule(module, known) : found;
    });
  }
  if (format === 'javascript') {
    return imports.flatMap(({ module }) => scriptTargets(path, module).find((one) => known.has(one)) ?? []);
  }
  return [];
}

function goPackage(module: string, goFolders: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const parts = module.split('/');
  if (!(parts[0] ?? '').includes('.') && parts.length < 2) return [];
  for (let from = 1; from < parts.length; from += 1) {
    const found = goFolders.get(parts.slice(from).join('/'));
    if (found !== undefined) return found;
  }
  return [];
}

function pythonTargets(path: string, module: string, names: readonly string[]): readonly string[] {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const rest = module.slice(dots).split('.').filter(Boolean);
  const folder = folderOf(path);
  const bases = dots > 0 ? [joinPath(folder, '../'.repeat(dots - 1))] : upwards(folder);
  const modules = [rest, ...names.map((name) => [...rest, name])].filter((parts) => parts.length > 0);
  return bases.flatMap((base) =>
    base === undefined
      ? []
      : modules.flatMap((parts) => {
          const stem = joinPath(base, parts.join('/')) ?? '';
          return [`${stem}.py`, `${stem}/__init__.py`];
        }),
  );
}

/** A module of a folder that the program adds to its path: only one file may fit. */
function onlyModule(module: string, known: ReadonlySet<string>): readonly string[] {
  const stem = module.replaceAll('.', '/');
  const found = [...known].filter(
    (path) => path.endsWith(`/${stem}.py`) || path.endsWith(`/${stem}/__init__.py`),
  );
  return module.startsWith('.') || found.length > 1 ? [] : found;
}

/** Where an absolute import may start: beside the file, in each folder above, in their `src`. */
function upwards(folder: string): readonly string[] {
  const parts = folder.split('/').filter(Boolean);
  const folders = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  return ['', 'src', ...folders];
}

function scriptTargets(path: string, module: string): readonly string[] {
  if (!module.startsWith('.')) return [];
  const target = joinPath(folderOf(path), module);
  if (target === undefined) return [];
  const endings = ['.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.mts', '.cts'];
  const bare = target.replace(/\.[cm]?jsx?$/, '');
  return [
    target,
    ...endings.map((ending) => `${target}${ending}`),
    ...endings.map((ending) => `${bare}${ending}`),
    ...endings.map((ending) => `${target}/index${ending}`),
  ];
}
