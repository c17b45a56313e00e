import { createReadStream } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { AgentIdError } from '../model/error.ts';

/** Reads an open file descriptor to its end. Throws `unreadable`. */
export async function readDescriptor(fd: number): Promise<string> {
  try {
    return await text(createReadStream('', { fd, autoClose: true }));
  } catch (error) {
    throw new AgentIdError('unreadable', `cannot read from descriptor ${fd}`, { cause: error });
  }
}

/** Reads a text file that must be there. Throws `unreadable`. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new AgentIdError('unreadable', `cannot read ${basename(path)}`, { cause: error, where: path });
  }
}

/** Appends to a file that somebody else made for us, as CI runners do. Throws `unwritable`. */
export async function appendText(path: string, data: string): Promise<void> {
  try {
    await appendFile(path, data);
  } catch (error) {
    throw new AgentIdError('unwritable', `cannot write ${basename(path)}`, { cause: error, where: path });
  }
}
