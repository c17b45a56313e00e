import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { toFileState, type FileState } from './clean-files.ts';
import { whyFolder, whyLarge, whyUnread, type WhyLarge } from './walk.ts';

/** A file's bytes, good until the next file is read, and its state before; or why there are none. */
export type Content = { readonly bytes: Buffer; readonly state?: FileState } | WhyLarge;

/** Never follows a link at the end of a path, never waits for the writer of a pipe. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const FIRST_BYTES = 256 * 1024;

/**
 * Reads files into one buffer that it keeps: most of a scan is opening and reading small files. Blocking: with
 * promises it takes ten times as long.
 */
export class TreeReader {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);

  read(path: string, maxBytes: number): Content {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, flags);
      return this.#readOpen(descriptor, maxBytes);
    } catch (error) {
      return { reason: whyUnread(error) };
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #readOpen(descriptor: number, maxBytes: number): Content {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return { reason: whyFolder };
    if (!stat.isFile()) return { reason: 'not a regular file' };
    const large = whyLarge(stat.size, maxBytes);
    if (large !== undefined) return large;
    if (stat.size > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(stat.size);
    let filled = 0;
    // Files of the system have no size, but something to read.
    do {
      const more = readSync(descriptor, this.#buffer, filled, this.#buffer.length - filled, null);
      if (more === 0) break;
      filled += more;
    } while (filled < stat.size);
    return { bytes: this.#buffer.subarray(0, filled), state: toFileState(stat) };
  }
}
