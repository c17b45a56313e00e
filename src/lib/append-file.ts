import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { AgentIdError } from '../model/error.ts';
import { hasCode } from './files.ts';

/** Gives the size of a file in bytes, 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw new AgentIdError('unreadable', 'cannot read the log', { cause: error, where: path });
  }
}

/** Reads a file's bytes from an offset to its end; nothing where there is no file. */
export async function readBytesFrom(path: string, offset: number): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw new AgentIdError('unreadable', 'cannot read the log', { cause: error, where: path });
  }
}

/** Cuts a file at `offset`, writes there, and returns once the data is on disk. Throws `unwritable`. */
export async function writeAt(path: string, offset: number, data: string): Promise<void> {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    const handle = await open(path, flags, 0o600);
    try {
      await handle.truncate(offset);
      const bytes = Buffer.from(data);
      let written = 0;
      while (written < bytes.length) {
        const step = await handle.write(bytes, written, bytes.length - written, offset + written);
        written += step.bytesWritten;
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new AgentIdError('unwritable', 'cannot write the log', { cause: error, where: path });
  }
}
