/** What stands for nothing. */
const NONE = 255;

/** Value of each character of base64, both alphabets; 255 for all others. */
const sextets = new Uint8Array(128).fill(NONE);
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let at = 0; at < letters.length; at += 1) sextets[letters.charCodeAt(at)] = at;
sextets['-'.charCodeAt(0)] = 62;
sextets['_'.charCodeAt(0)] = 63;

function sextetAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (sextets[code] ?? NONE) : NONE;
}

export function isSextet(text: string, at: number): boolean {
  return sextetAt(text, at) !== NONE;
}

/** Says whether base64 from here on begins with printable text, in ASCII or in UTF-16: chance makes that rare. */
export function startsPrintable(text: string, start: number): boolean {
  return beginsWith(text, start, isPrintable, isPrintable) || beginsWith(text, start, isPrintable, isZero);
}

/** Looks at six bytes, turn about. */
function beginsWith(text: string, start: number, even: (byte: number) => boolean, odd: typeof even): boolean {
  let index = 0;
  for (let at = start; at < start + 8; at += 4) {
    const bits =
      (sextetAt(text, at) << 18) |
      (sextetAt(text, at + 1) << 12) |
      (sextetAt(text, at + 2) << 6) |
      sextetAt(text, at + 3);
    for (const byte of [bits >> 16, (bits >> 8) & 255, bits & 255]) {
      if (!(index % 2 === 0 ? even : odd)(byte)) return false;
      index += 1;
    }
  }
  return true;
}

function isZero(byte: number): boolean {
  return byte === 0;
}

/** Says whether a byte is ASCII that can be read: no control character but tab and line breaks. */
export function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13;
}

/** Gives the value of a hexadecimal digit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
