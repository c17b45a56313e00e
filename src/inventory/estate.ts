import { toImportGraph } from './imports.ts';
import { filesOf, type Tree } from './invocations.ts';
import { folderOf } from './paths.ts';
import { findServices, type Services } from './services.ts';
import type { InventoryInput } from './types.ts';
import { toWorkloads, type Workload } from './workloads.ts';

/** The tree as a whole, before any secret is looked at: services, workloads, and what runs what. */
export interface Estate extends Tree {
  readonly input: InventoryInput;
  readonly services: Services;
  readonly workloads: readonly Workload[];
  /** Files that each workload runs. */
  readonly runs: ReadonlyMap<Workload, ReadonlySet<string>>;
  /** Files that import each file. */
  readonly importers: ReadonlyMap<string, readonly string[]>;
}

/** Reads services, workloads and invocations out of all files. */
export function toEstate(input: InventoryInput): Estate {
  const sources = new Map(input.sources.map((source) => [source.facts.path, source]));
  const graph = toImportGraph(input.sources);
  const tree = { sources, graph, paths: new Set(input.paths), folders: foldersOf(input.paths) };
  const workloads = input.sources.flatMap(toWorkloads);
  return {
    ...tree,
    input,
    workloads,
    services: findServices(input.paths, input.sources),
    runs: new Map(workloads.map((workload) => [workload, filesOf(workload, tree)])),
    importers: invert(graph),
  };
}

function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder);
  }
  return folders;
}

function invert(graph: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const [path, targets] of graph) {
    for (const target of targets) importers.set(target, [...(importers.get(target) ?? []), path]);
  }
  return importers;
}
