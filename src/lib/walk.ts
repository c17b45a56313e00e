import { closeSync, constants, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { hasCode } from './files.ts';
import { decodeText, type Decoded } from './text.ts';

/** What stands at a path, links at its end resolved; undefined where nothing does or it cannot be told. */
export type PathKind = 'folder' | 'file' | 'other' | undefined;

/** Never follows a link at the end of a path, never waits for the writer of a pipe. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Blocking reads: with promises the same work takes ten times as long. */
function readBytes(descriptor: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(descriptor, bytes, filled, size - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Reads one file of a tree, following no link. Gives why not where it was not read. */
export function readTreeFile(path: string, maxBytes: number): Decoded {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, flags);
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return { reason: whyFolder };
    if (!stat.isFile()) return { reason: 'not a regular file' };
    const large = whyLarge(stat.size, maxBytes);
    if (large !== undefined) return large;
    return decodeText(readBytes(descriptor, stat.size));
  } catch (error) {
    return { reason: whyUnread(error) };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Files up to this size are read whole, larger ones in windows. */
export const WHOLE_BYTES = 10_000_000;

/** Largest size of a file that is looked at in windows where nothing else is said. */
export const LARGEST_BYTES = 4_000_000_000;

/** Why a file is not read whole: beyond the limit it is not looked at, below it can be read in windows. */
export interface WhyLarge {
  readonly reason: string;
  readonly isLarge?: true;
}

/** Says why a file of some size is not read whole; undefined for one that is. */
export function whyLarge(size: number, maxBytes: number): WhyLarge | undefined {
  if (size > maxBytes) return { reason: tooLarge(maxBytes) };
  return size > WHOLE_BYTES ? { reason: tooLarge(WHOLE_BYTES), isLarge: true } : undefined;
}

/** Says in words that something is larger than the limit. */
export function tooLarge(maxBytes: number): string {
  return `larger than ${maxBytes >= 1_000_000 ? `${Math.round(maxBytes / 100_000) / 10} MB` : `${maxBytes} bytes`}`;
}

/** Why what git lists as a file is not read. */
export const whyFolder = 'submodule or nested repository';

/** Says in words why a file was not read. */
export function whyUnread(error: unknown): string {
  if (hasCode(error, 'EISDIR')) return whyFolder;
  if (hasCode(error, 'ELOOP') || hasCode(error, 'EMLINK')) return 'symbolic link';
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR'))
    return isMisnamed(error) ? 'its name is not UTF-8' : 'gone while scanning';
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) return 'permission denied';
  if (hasCode(error, 'ENXIO') || hasCode(error, 'ENODEV') || hasCode(error, 'EAGAIN'))
    return 'not a regular file';
  return 'unreadable';
}

/** What cannot be decoded in a name cannot be asked for again. */
function isMisnamed(error: unknown): boolean {
  return error instanceof Error && 'path' in error && String(error.path).includes('\ufffd');
}

/** Says what stands at a path that a person named: a link there is followed. */
export async function kindOf(path: string): Promise<PathKind> {
  try {
    const stat = await lstat(await realpath(path));
    if (stat.isDirectory()) return 'folder';
    return stat.isFile() ? 'file' : 'other';
  } catch {
    return undefined;
  }
}

/** Resolves every link in a path; the path itself where that cannot be done. */
export async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Says whether the entries of a folder can be listed. */
export function isListable(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
