import { lstat, readFile } from 'node:fs/promises';
import { decodeText, type Decoded } from './text.ts';
import { hasCode } from './files.ts';

/** Reads one file of a tree, following no link. Gives why not where it was not read. */
export async function readTreeFile(path: string, maxBytes: number): Promise<Decoded> {
  try {
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) return { reason: 'symbolic link' };
    if (stat.isDirectory()) return { reason: 'submodule or nested repository' };
    if (!stat.isFile()) return { reason: 'not a regular file' };
    if (stat.size > maxBytes) return { reason: `larger than ${Math.round(maxBytes / 1_000_000)} MB` };
    return decodeText(await readFile(path));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { reason: 'gone while scanning' };
    return { reason: hasCode(error, 'EACCES') ? 'permission denied' : 'unreadable' };
  }
}
