import type { Command } from '../model/facts.ts';
import { closure, type ImportGraph } from './imports.ts';
import { baseOf, folderOf, isBelow, joinPath } from './paths.ts';
import type { SourceFile } from './types.ts';
import type { Workload } from './workloads.ts';

/** What is needed to follow commands to the files that they run. */
export interface Tree {
  readonly sources: ReadonlyMap<string, SourceFile>;
  readonly paths: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  readonly graph: ImportGraph;
}

/** Gives the files that a workload runs, directly or through scripts and imports. */
export function filesOf(workload: Workload, tree: Tree): ReadonlySet<string> {
  return followed(startsOf(workload, tree), tree);
}

/** Gives the files that a workload names in its own commands. */
export function startsOf(workload: Workload, tree: Tree): ReadonlySet<string> {
  const starts = new Set<string>();
  const folder = folderOf(workload.source.facts.path);
  for (const command of workload.commands) {
    for (const path of targetsOf(command, [...workFolders(workload, command), '', folder], tree))
      starts.add(path);
  }
  for (const path of workload.calls) {
    for (const name of [path, `${path}/action.yml`, `${path}/action.yaml`])
      if (tree.paths.has(name)) starts.add(name);
  }
  return starts;
}

/** Gives the files that the commands of a file name. */
export function targetsIn(path: string, tree: Tree): readonly string[] {
  const source = tree.sources.get(path);
  if (source === undefined || source.facts.format === 'json') return [];
  return source.facts.commands.flatMap((command) => targetsOf(command, [folderOf(path), ''], tree));
}

/** Gives the files that a file runs by its own commands and imports, and so on, and the files themselves. */
export function followed(starts: ReadonlySet<string>, tree: Tree): ReadonlySet<string> {
  let reached = closure(tree.graph, starts);
  for (let grown = true; grown;) {
    const next = new Set(reached);
    for (const path of reached) {
      for (const target of targetsIn(path, tree)) next.add(target);
    }
    grown = next.size > reached.size;
    reached = closure(tree.graph, next);
  }
  return reached;
}

/** Gives the files of the tree that one command names as something to run. */
export function targetsOf(command: Command, folders: readonly string[], tree: Tree): readonly string[] {
  const found: string[] = [];
  let from = folders;
  const words = command.argv;
  for (const [at, word] of words.entries()) {
    const before = words[at - 1] ?? '';
    if (before === 'cd')
      from = [...from.flatMap((folder) => inTree(folder, word, tree)), ...suffixFolders(word, tree), ...from];
    found.push(...npmTargets(words, at, from, tree));
    if (before === '-m' && baseOf(words[at - 2] ?? 'python').startsWith('python'))
      found.push(...moduleTargets(word, from, tree));
    const path = isRunnable(word) ? resolveWord(word, from, tree) : undefined;
    if (path !== undefined) found.push(path);
    else if (/^(\.\/|\.$)/.test(word) && words[at - 1] === 'run' && words[at - 2] === 'go')
      found.push(...goTargets(word, from, tree));
  }
  return found;
}

function isRunnable(word: string): boolean {
  return word.includes('/') || /\.(sh|bash|zsh|py|[cm]?[jt]s|go|ps1|rb)$/.test(word);
}

/** Tries each folder; an absolute path (`/srv/acme/scripts/x.sh`, `$HOME/app/x.sh`) by its longest tail that exists. */
function resolveWord(word: string, folders: readonly string[], tree: Tree): string | undefined {
  for (const folder of folders) {
    const path = joinPath(folder, word);
    if (path !== undefined && tree.sources.has(path) && !word.startsWith('/')) return path;
  }
  if (!/^[/$~]/.test(word)) return undefined;
  const parts = word.replace(/^["']/, '').split('/');
  for (let from = 1; from < parts.length; from += 1) {
    const tail = parts.slice(from).join('/');
    if (tree.sources.has(tail)) return tail;
  }
  return undefined;
}

function inTree(folder: string, word: string, tree: Tree): readonly string[] {
  const path = joinPath(folder, word);
  if (path === undefined || word.startsWith('/')) return [];
  return path === '' || tree.folders.has(path) ? [path] : [];
}

function suffixFolders(word: string, tree: Tree): readonly string[] {
  if (!/^[/$~]/.test(word)) return [];
  const parts = word.split('/').filter(Boolean);
  return parts.flatMap((_, from) => {
    const tail = parts.slice(from).join('/');
    return tree.folders.has(tail) ? [tail] : [];
  });
}

function npmTargets(
  words: readonly string[],
  at: number,
  folders: readonly string[],
  tree: Tree,
): readonly string[] {
  const runner = baseOf(words[at - 1] ?? '');
  const [first, second] = [words[at] ?? '', words[at + 1] ?? ''];
  if (!/^(npm|yarn|pnpm|bun)$/.test(runner)) return [];
  const script = first === 'run' || first === 'run-script' ? second : first;
  return folders.slice(0, 2).flatMap((folder) => {
    const manifest = tree.sources.get(joinPath(folder, 'package.json') ?? '');
    return (manifest?.facts.commands ?? []).flatMap((command) =>
      isBelow(command.slot ?? '', `scripts.${script}`) && !command.argv.includes('npm')
        ? targetsOf(command, [folder], tree)
        : [],
    );
  });
}

function moduleTargets(word: string, folders: readonly string[], tree: Tree): readonly string[] {
  const stem = word.replaceAll('.', '/');
  const names = [`${stem}.py`, `${stem}/__main__.py`, `src/${stem}.py`, `src/${stem}/__main__.py`];
  return folders.flatMap((folder) => names.flatMap((name) => existing(folder, name, tree))).slice(0, 1);
}

function goTargets(word: string, folders: readonly string[], tree: Tree): readonly string[] {
  return folders.flatMap((folder) => {
    const path = joinPath(folder, word);
    return path === undefined
      ? []
      : [...tree.sources.keys()].filter((one) => one.endsWith('.go') && folderOf(one) === path);
  });
}

function existing(folder: string, name: string, tree: Tree): readonly string[] {
  const path = joinPath(folder, name);
  return path !== undefined && tree.sources.has(path) ? [path] : [];
}

/** The folder that the step, the job or the workflow works in, deepest first. */
export function workFolders(workload: Workload, command: Command): readonly string[] {
  const slot = command.slot ?? '';
  const step = /^(.*\.steps\[\d+\])/.exec(slot)?.[1];
  const keys = [
    ...(step === undefined ? [] : [`${step}.working-directory`]),
    `${workload.prefix}.defaults.run.working-directory`,
    'defaults.run.working-directory',
  ];
  const own = keys.flatMap((key) => workload.source.facts.slots.find((one) => one.path === key)?.value ?? []);
  return [...own, ...(workload.folder === undefined ? [] : [workload.folder])].flatMap(
    (path) => joinPath('', path) ?? [],
  );
}
