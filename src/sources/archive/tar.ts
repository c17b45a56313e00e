/** One regular file in a tar archive. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** Offset of its content. */
  readonly offset: number;
}

const BLOCK = 512;

/** Lists the regular files of a tar archive. Throws `RangeError` where it is broken or cut off. */
export function listTar(bytes: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + BLOCK);
    assertChecksum(header);
    const size = readNumber(header.subarray(124, 136));
    const offset = at + BLOCK;
    if (offset + size > bytes.length) throw new RangeError('cut off');
    const kind = String.fromCharCode(header[156] ?? 0);
    const content = bytes.subarray(offset, offset + size);
    if (kind === 'L') longName = readText(content);
    else if (kind === 'x') longName = paxPath(content) ?? longName;
    else {
      if (kind === '0' || kind === '\0' || kind === '7')
        entries.push({ name: longName ?? nameOf(header), size, offset });
      longName = undefined;
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

function assertChecksum(header: Buffer): void {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  if (sum !== readNumber(header.subarray(148, 156))) throw new RangeError('a header does not add up');
}

/** Octal digits, or a large number in binary behind a set bit. */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(field.length - 8));
  const digits = readText(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw new RangeError('no number');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function nameOf(header: Buffer): string {
  const name = readText(header.subarray(0, 100));
  const prefix =
    header.subarray(257, 263).toString('latin1') === 'ustar\0' ? readText(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString('utf8');
}

function paxPath(content: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1];
}
