import { runGit } from '../../lib/git.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Repository } from './repository.ts';

/** What git gave for a name: the bytes of a blob, or why there are none. */
export type Given = { readonly blob: Buffer } | { readonly reason: string } | { readonly kind: string };

export const brokenReason = 'the object is missing or broken';

const MOST_AT_ONCE = 64 << 20;
/** Bytes that git takes for one object at most: what a header says may be any number. */
const limits = { GIT_ALLOC_LIMIT: '256m' };
/** Broken objects that git is asked for at most: each ends it. */
const MOST_BROKEN = 100;

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
  const readBatch = createBatchReader(folder, give);
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
    await readBatch(batch);
    batch = [];
    bytes = 0;
  }
  await readBatch(batch);
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

/** A broken object ends git, with what comes before it given: what comes after is asked for again. */
function createBatchReader(
  folder: string,
  give: (name: string, given: Given) => void,
): (names: readonly string[]) => Promise<void> {
  let broken = 0;
  return async (names) => {
    let left = names;
    while (left.length > 0) {
      const known = broken < MOST_BROKEN ? await ask(folder, ['--batch'], left) : undefined;
      let given = 0;
      for (const { name, blob } of splitBatch(known ?? Buffer.alloc(0))) {
        if (name !== left[given]) break;
        give(name, { blob });
        given += 1;
      }
      const [first] = left.slice(given);
      if (first === undefined) return;
      give(first, { reason: brokenReason });
      broken += 1;
      left = left.slice(given + 1);
    }
  };
}

function* splitBatch(stdout: Buffer): Generator<{ readonly name: string; readonly blob: Buffer }> {
  for (let at = 0; at < stdout.length;) {
    const body = stdout.indexOf(10, at) + 1;
    const head = /^([0-9a-f]+) blob (\d+)\n$/.exec(stdout.toString('latin1', at, body));
    if (head === null) return;
    const [, name = '', size] = head;
    if (body + Number(size) >= stdout.length) return;
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
    return (await runGit(folder, ['cat-file', ...args], `${names.join('\n')}\n`, limits)).stdout;
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'no-git') return undefined;
    throw error;
  }
}
