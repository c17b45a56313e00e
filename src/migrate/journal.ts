import { constants } from 'node:fs';
import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { hasCode } from '../lib/files.ts';
import { AgentIdError } from '../model/error.ts';

/**
 * What a migration has done, in order. An `intent` is on disk before its effect, the matching `ok` after it, so
 * that after a crash nothing that may exist is unknown. Holds names, hashes and ids, never a secret.
 */
export type JournalRecord =
  | { readonly step: 'key.intent'; readonly agent: string }
  | { readonly step: 'key.ok'; readonly agent: string; readonly thumbprint: string }
  | {
      readonly step: 'app.intent';
      readonly agent: string;
      readonly clientId: string;
      readonly fresh: boolean;
    }
  | { readonly step: 'app.ok'; readonly agent: string; readonly clientId: string }
  | { readonly step: 'stage.intent'; readonly file: number; readonly sha256: string }
  | { readonly step: 'commit' }
  | { readonly step: 'swapped'; readonly file: number }
  | { readonly step: 'applied' }
  | { readonly step: 'noted'; readonly file: number; readonly sha256: string }
  | { readonly step: 'git.intent'; readonly branch: string | null }
  | { readonly step: 'git.ok'; readonly commit: string }
  | { readonly step: 'rollback' }
  | { readonly step: 'restored'; readonly file: number }
  | { readonly step: 'app.removed'; readonly agent: string; readonly clientId: string }
  | { readonly step: 'rolled-back' }
  | { readonly step: 'settled' };

/** An append-only log: one `crc json` line a record, each on disk before `append` returns. */
export class Journal {
  readonly records: JournalRecord[];
  readonly #handle: FileHandle;
  readonly #path: string;
  #soundBytes: number;

  private constructor(handle: FileHandle, path: string, sound: Sound) {
    this.#handle = handle;
    this.#path = path;
    this.#soundBytes = sound.soundBytes;
    this.records = sound.records;
  }

  /**
   * Opens or creates a journal. A torn last line, which a crash leaves, is cut off; damage anywhere else throws
   * `malformed` and nothing is touched.
   */
  static async open(path: string): Promise<Journal> {
    const bytes = await readIfThere(path);
    const { records, soundBytes } = parseJournal(bytes, path);
    if (soundBytes < bytes.length) await truncate(path, soundBytes);
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    return new Journal(await open(path, flags, 0o600), path, { records, soundBytes });
  }

  /** Throws `unwritable` where the disk is full; half a line is taken back, since a rollback will append after it. */
  async append(record: JournalRecord): Promise<void> {
    const line = toLine(record);
    try {
      await this.#handle.appendFile(line);
      await this.#handle.sync();
    } catch (error) {
      await truncate(this.#path, this.#soundBytes).catch(() => undefined);
      throw new AgentIdError('unwritable', 'cannot write the journal of the migration', {
        cause: error,
        where: this.#path,
        hint: 'Make room on the disk, then run: agent-id migrate --resume, or --rollback.',
      });
    }
    this.#soundBytes += Buffer.byteLength(line);
    this.records.push(record);
  }

  has(step: JournalRecord['step']): boolean {
    return this.records.some((record) => record.step === step);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

interface Sound {
  readonly records: JournalRecord[];
  readonly soundBytes: number;
}

function parseJournal(bytes: Buffer, path: string): Sound {
  const records: JournalRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const record = end === -1 ? undefined : fromLine(bytes.toString('utf8', at, end));
    if (record === undefined) {
      if (end !== -1 && end < bytes.length - 1) {
        throw new AgentIdError('malformed', 'the journal of a migration is damaged', {
          where: path,
          hint: 'Nothing was changed. Its folder holds the original files under pre/.',
        });
      }
      break;
    }
    records.push(record);
    at = end + 1;
  }
  return { records, soundBytes: at };
}

function toLine(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function fromLine(line: string): JournalRecord | undefined {
  const json = line.slice(9);
  if (line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  return JSON.parse(json) as JournalRecord;
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw new AgentIdError('unreadable', 'cannot read the journal of a migration', {
      cause: error,
      where: path,
    });
  }
}
