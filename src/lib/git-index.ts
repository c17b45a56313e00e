const SIGNATURE = 0x44495243;
const HEAD_BYTES = 12;
/** Times, device, inode, mode, owner, size, object name, flags. */
const FLAGS_AT = 60;
const NAME_AT = 62;
const MODE_AT = 24;
const EXTENDED = 0x4000;
const NAME_MASK = 0xfff;
const FOLDER = 0o040000;

/** One tracked file: its path from the top, and its mode as git keeps it. */
export interface IndexEntry {
  readonly path: string;
  readonly mode: number;
}

/**
 * Parses a git index of version 2 to 4 with SHA-1 names. Gives undefined for one that only git understands: split,
 * sparse, of another version, or broken.
 */
export function parseIndex(bytes: Buffer): readonly IndexEntry[] | undefined {
  if (bytes.length < HEAD_BYTES + 20 || bytes.readUInt32BE(0) !== SIGNATURE) return undefined;
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) return undefined;
  const reader: Reader = { bytes, version, at: HEAD_BYTES, before: '' };
  const entries: IndexEntry[] = [];
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const entry = readEntry(reader);
    if (entry === undefined || entry.mode === FOLDER) return undefined;
    entries.push(entry);
  }
  return hasLink(reader) ? undefined : entries;
}

interface Reader {
  readonly bytes: Buffer;
  readonly version: number;
  at: number;
  before: string;
}

function readEntry(reader: Reader): IndexEntry | undefined {
  const { bytes, at, version } = reader;
  if (at + NAME_AT > bytes.length) return undefined;
  const flags = bytes.readUInt16BE(at + FLAGS_AT);
  const name = at + NAME_AT + ((flags & EXTENDED) === 0 ? 0 : 2);
  const path = version === 4 ? readJoined(reader, name) : readWhole(reader, name, flags & NAME_MASK);
  if (path === undefined || path === '') return undefined;
  reader.before = path;
  return { path, mode: bytes.readUInt32BE(at + MODE_AT) };
}

/** Entries are padded with NUL to a multiple of eight. */
function readWhole(reader: Reader, start: number, length: number): string | undefined {
  const { bytes, at } = reader;
  const end = length < NAME_MASK ? start + length : bytes.indexOf(0, start);
  if (end === -1 || end >= bytes.length || bytes[end] !== 0) return undefined;
  reader.at = at + ((end - at + 8) & ~7);
  return bytes.toString('utf8', start, end);
}

/** Version 4: how much to take off the path before, then what comes instead. */
function readJoined(reader: Reader, start: number): string | undefined {
  const { bytes, before } = reader;
  let at = start;
  let byte = bytes[at] ?? 0;
  let off = byte & 127;
  while ((byte & 128) !== 0) {
    at += 1;
    byte = bytes[at] ?? 0;
    off = ((off + 1) << 7) | (byte & 127);
  }
  const end = bytes.indexOf(0, at + 1);
  const kept = Buffer.byteLength(before) - off;
  if (end === -1 || kept < 0) return undefined;
  reader.at = end + 1;
  return Buffer.from(before).toString('utf8', 0, kept) + bytes.toString('utf8', at + 1, end);
}

/** A split index names the file that holds the rest in an extension. */
function hasLink({ bytes, at }: Reader): boolean {
  for (let next = at; next + 8 < bytes.length - 20; next += 8 + bytes.readUInt32BE(next + 4)) {
    if (/^(link|sdir)$/.test(bytes.toString('latin1', next, next + 4))) return true;
  }
  return false;
}
