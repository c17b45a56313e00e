import { gunzipSync } from 'node:zlib';
import { hasCode } from '../../lib/files.ts';
import { decodeText } from '../../lib/text.ts';
import type { Skipped } from '../../model/place.ts';
import { Budget, defaultLimits, type Limits } from './limits.ts';
import { listTar } from './tar.ts';
import { listZip, readZipEntry } from './zip.ts';

/** The text of one file in an archive, or why there is none. Paths are `outer.zip!inner/path`. */
export type Unpacked = { readonly path: string; readonly text: string } | Skipped;

/** A file in an archive that has not been unpacked yet. */
interface Entry {
  readonly name: string;
  readonly packedSize: number;
  readonly size: number;
  readonly refused?: string;
  readonly read: () => Buffer;
}

/**
 * Gives the texts of an archive (zip and its kin, tar, gzip), those of archives within too, one at a time. Names in
 * archives are only shown, nothing is ever written. What is broken, encrypted or beyond a limit is given with the reason.
 *
 * @yields one text, or one reason, for each file within
 */
export function* unpack(path: string, bytes: Buffer, limits: Partial<Limits> = {}): Generator<Unpacked> {
  yield* unpackOne(path, bytes, new Budget({ ...defaultLimits, ...limits }), 1);
}

function* unpackOne(path: string, bytes: Buffer, budget: Budget, depth: number): Generator<Unpacked> {
  const entries = attempt(() => listEntries(path, bytes, budget));
  if (typeof entries === 'string') {
    yield { path, reason: entries };
    return;
  }
  for (const entry of entries) {
    const stop = budget.count();
    if (stop !== undefined) {
      yield { path, reason: stop };
      return;
    }
    yield* unpackEntry(`${path}!${toShown(entry.name)}`, entry, budget, depth);
  }
}

function* unpackEntry(path: string, entry: Entry, budget: Budget, depth: number): Generator<Unpacked> {
  const refused = entry.refused ?? budget.refuse(entry.packedSize, entry.size);
  const content = refused ?? attempt(entry.read);
  if (typeof content === 'string') {
    yield { path, reason: content };
    return;
  }
  budget.take(content.length);
  const decoded = decodeText(content);
  if ('text' in decoded) yield { path, text: decoded.text };
  else if (decoded.packed === undefined) yield { path, reason: decoded.reason };
  else if (depth < budget.limits.depth) yield* unpackOne(path, decoded.packed, budget, depth + 1);
  else yield { path, reason: 'archives nested too deeply' };
}

function listEntries(path: string, bytes: Buffer, budget: Budget): readonly Entry[] {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return zipEntries(bytes, budget);
  if (bytes[0] !== 0x1f) return tarEntries(bytes);
  const plain = gunzipSync(bytes, { maxOutputLength: Math.max(1, budget.left) });
  if (plain.subarray(257, 262).toString('latin1') === 'ustar') {
    budget.take(plain.length);
    return tarEntries(plain);
  }
  const name = (path.split(/[/!]/).at(-1) ?? '').replace(/\.(gz|gzip)$/i, '');
  return [{ name, packedSize: bytes.length, size: plain.length, read: () => plain }];
}

function zipEntries(bytes: Buffer, budget: Budget): readonly Entry[] {
  return listZip(bytes).map((entry) => ({
    name: entry.name,
    packedSize: entry.packedSize,
    size: entry.size,
    ...(entry.isEncrypted
      ? { refused: 'encrypted' }
      : entry.method !== 0 && entry.method !== 8
        ? { refused: 'compressed in a way that is not read' }
        : {}),
    read: () => readZipEntry(bytes, entry, Math.min(budget.limits.entryBytes, budget.left)),
  }));
}

/** Content that is stored as it is has no ratio. */
function tarEntries(bytes: Buffer): readonly Entry[] {
  return listTar(bytes).map(({ name, size, offset }) => ({
    name,
    packedSize: size,
    size,
    read: () => bytes.subarray(offset, offset + size),
  }));
}

/** Gives the reason instead where an archive cannot be read. */
function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return hasCode(error, 'ERR_BUFFER_TOO_LARGE') ? 'too large unpacked' : 'broken archive';
  }
}

/** A name is shown on one line, and as itself. */
function toShown(name: string): string {
  return name.slice(0, 1000).replaceAll(/\p{Cc}/gu, '\ufffd');
}
