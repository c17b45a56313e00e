/** What stands for nothing. */
const NONE = 255;

/** Value of each byte in base64, of both alphabets, and as a hexadecimal digit; 255 for none. */
const sextets = toTable('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_', 62);
const digits = toTable('0123456789abcdef', 'ABCDEF', 10);

function toTable(letters: string, others: string, first: number): Uint8Array {
  const table = new Uint8Array(256).fill(NONE);
  for (let at = 0; at < letters.length; at += 1) table[letters.charCodeAt(at)] = at;
  for (let at = 0; at < others.length; at += 1) table[others.charCodeAt(at)] = first + at;
  return table;
}

export function isSextet(byte: number | undefined): boolean {
  return sextets[byte ?? 0] !== NONE;
}

/** Gives the value of a hexadecimal digit, or 255. */
export function hexDigit(byte: number | undefined): number {
  return digits[byte ?? 0] ?? NONE;
}

/** Says whether a byte is ASCII that can be read: no control character but tab and line breaks. */
export function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13;
}

/** Says whether eight characters of base64 begin with text, in ASCII or in UTF-16: chance makes that rare. */
export function startsAsText(bytes: Uint8Array, start: number): boolean {
  let printable = 0;
  let wide = 0;
  for (let n = 0; n < 6; n += 1) {
    const byte = byteOf(bytes, start, n);
    if (isPrintable(byte)) printable += 1;
    if (n % 2 === 0 ? isPrintable(byte) : byte === 0) wide += 1;
  }
  return printable === 6 || wide === 6;
}

/** Says whether eight hexadecimal digits begin with text. */
export function startsAsHexText(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 8; at += 2) {
    if (!isPrintable(hexDigit(bytes[at]) * 16 + hexDigit(bytes[at + 1]))) return false;
  }
  return true;
}

/** Gives the nth byte that base64 stands for. */
function byteOf(bytes: Uint8Array, start: number, n: number): number {
  const at = start + Math.floor(n / 3) * 4 + (n % 3);
  const pair = ((sextets[bytes[at] ?? 0] ?? 0) << 6) | (sextets[bytes[at + 1] ?? 0] ?? 0);
  return (pair >> (4 - (n % 3) * 2)) & 255;
}
