import { runGit } from '../../lib/git.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Repository } from './repository.ts';

/** What git gave for a name: the bytes of a blob, or why there are none. */
export type Given = { readonly blob: Buffer } | { readonly reason: string } | { readonly kind: string };

export const brokenReason = 'the object is missing or broken';

const MOST_AT_ONCE = 64 << 20;

/**
 * Reads blobs of the repository of a folder through git, for what our own reader cannot do; of other objects it tells
 * the kind. Never fetches.
 */
export async function catFiles(
  folder: string,
  names: readonly string[],
  maxBytes: number,
  give: (name: string, given: Given) => void,
): Promise<void> {
  let batch: string[] = [];
  let bytes = 0;
  for (const { name, kind, size } of await checkFiles(folder, names)) {
    if (kind !== 'blob') give(name, kind === '' ? { reason: brokenReason } : { kind });
    else if (size > maxBytes) give(name, { reason: tooLargeBlob(maxBytes) });
    else {
      batch.push(name);
      bytes += size;
    }
    if (bytes < MOST_AT_ONCE) continue;
    await readBatch(folder, batch, give);
    batch = [];
    bytes = 0;
  }
  await readBatch(folder, batch, give);
}

/** Says in words that a blob is larger than the limit. */
export function tooLargeBlob(maxBytes: number): string {
  return `larger than ${maxBytes >= 1_000_000 ? `${Math.round(maxBytes / 100_000) / 10} MB` : `${maxBytes} bytes`}`;
}

/** Names of objects that a partial clone lacks, as git tells without fetching them. */
export async function listMissing(repository: Repository): Promise<readonly string[]> {
  if (!repository.isPartial) return [];
  const args = ['rev-list', '--objects', '--all', '--reflog', '--missing=print'];
  const { stdout } = await runGit(repository.gitFolder, [`--git-dir=${repository.gitFolder}`, ...args]);
  return [...stdout.toString('latin1').matchAll(/^\?([0-9a-f]{40,64})$/gm)].map(([, name = '']) => name);
}

interface Checked {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
}

async function checkFiles(folder: string, names: readonly string[]): Promise<readonly Checked[]> {
  const stdout = await ask(folder, ['--batch-check'], names);
  const known = new Map<string, Checked>();
  for (const line of stdout?.toString('latin1').split('\n') ?? []) {
    const [, name = '', kind = '', size] = /^([0-9a-f]+) (commit|tree|blob|tag) (\d+)$/.exec(line) ?? [];
    if (name !== '') known.set(name, { name, kind, size: Number(size) });
  }
  return names.map((name) => known.get(name) ?? { name, kind: '', size: 0 });
}

async function readBatch(
  folder: string,
  names: readonly string[],
  give: (name: string, given: Given) => void,
): Promise<void> {
  const stdout = await ask(folder, ['--batch'], names);
  const left = new Set(names);
  for (const { name, blob } of splitBatch(stdout ?? Buffer.alloc(0)))
    if (left.delete(name)) give(name, { blob });
  const [only = ''] = names;
  // A broken object ends git: what came after it is asked for again, one by one.
  if (names.length === 1 && left.size === 1) give(only, { reason: brokenReason });
  else for (const name of left) await readBatch(folder, [name], give);
}

function* splitBatch(stdout: Buffer): Generator<{ readonly name: string; readonly blob: Buffer }> {
  for (let at = 0; at < stdout.length;) {
    const body = stdout.indexOf(10, at) + 1;
    const head = /^([0-9a-f]+) blob (\d+)\n$/.exec(stdout.toString('latin1', at, body));
    if (head === null) return;
    const [, name = '', size] = head;
    yield { name, blob: stdout.subarray(body, body + Number(size)) };
    at = body + Number(size) + 1;
  }
}

async function ask(
  folder: string,
  args: readonly string[],
  names: readonly string[],
): Promise<Buffer | undefined> {
  if (names.length === 0) return undefined;
  try {
    return (await runGit(folder, ['cat-file', ...args], `${names.join('\n')}\n`)).stdout;
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'no-git') return undefined;
    throw error;
  }
}
