import { dirname, join, posix } from 'node:path';
import type { Adoption } from '../formats/types.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { PlannedAgent } from '../model/plan.ts';
import type { FileEdits } from './edits.ts';

/** Gives the text of a vendored helper by its file name: `helper.mjs`, `helper.py`, `helper.go`, `helper.sh`. */
export type HelperSource = (name: string) => Promise<string>;

export interface HelperFile {
  readonly path: string;
  readonly text: string;
  readonly agents: readonly string[];
}

const helpersByEnding: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.(ts|mts|cts|tsx)$/, ['helper.mjs', 'helper.d.mts']],
  [/\.(js|mjs|cjs|jsx)$/, ['helper.mjs']],
  [/\.py$/, ['helper.py']],
  [/\.go$/, ['helper.go']],
  [/\.(sh|bash)$/, ['helper.sh']],
  [/\.ya?ml$/, ['helper.mjs']],
];

/** Gives the folder of a consumer's code: the service's own, else that of its file. The helper goes below it. */
export function serviceRoot(consumer: string, path: string): string {
  const folder = /^code:(.*)$/.exec(consumer)?.[1];
  if (folder !== undefined && (folder === '.' || path.startsWith(`${folder}/`))) return folder;
  return dirname(path);
}

/** Gives the folder below which the helper of a file's agents goes: their service, else where the shared file lies. */
export function helperRootOf(path: string, agents: readonly Pick<PlannedAgent, 'consumer'>[]): string {
  const [root, ...others] = new Set(agents.map(({ consumer }) => serviceRoot(consumer, path)));
  return root === undefined || others.length > 0 ? dirname(path) : root;
}

/** Says how code of one file names the helper of its service. */
export function helperReference(
  root: string,
  path: string,
  module: string | undefined,
): Pick<Adoption, 'helperPath' | 'helperImport'> {
  const relative = posix.relative(dirname(path), posix.join(root, 'agent-id'));
  const helperPath = relative.startsWith('.') ? relative : `./${relative}`;
  return module === undefined ? { helperPath } : { helperPath, helperImport: `${module}/agent-id` };
}

/** Reads the import path of a folder of Go, from the nearest `go.mod` at it or above. */
export async function goModule(root: string, folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readTextIfThere(join(root, at, 'go.mod'));
    const module = text === undefined ? undefined : /^module\s+(\S+)/m.exec(text)?.[1];
    if (module !== undefined) return posix.join(module, posix.relative(at, folder));
    if (at === '.' || at === dirname(at)) return undefined;
  }
}

/** Lists the helper files that rewritten files need, each once. */
export async function toHelperFiles(
  changed: readonly FileEdits[],
  source: HelperSource,
): Promise<readonly HelperFile[]> {
  const files = new Map<string, HelperFile>();
  for (const file of changed.filter((one) => one.needsHelper)) {
    const names = helpersByEnding.find(([ending]) => ending.test(file.path))?.[1] ?? [];
    const program = file.runsAlone === true ? ['helper.mjs'] : [];
    for (const name of new Set([...names, ...program])) {
      const path = posix.join(file.helperRoot, 'agent-id', name);
      const agents = [...new Set([...(files.get(path)?.agents ?? []), ...file.agents])];
      files.set(path, { path, text: await source(name), agents });
    }
  }
  return [...files.values()];
}
