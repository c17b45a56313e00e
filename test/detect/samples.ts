import { crc32 } from 'node:zlib';

/** Another number tries every sample with other values: `SAMPLE_SEED=7 npx vitest run test/detect`. */
const seed = process.env['SAMPLE_SEED'] ?? '1';

const asked = new Map<string, number>();

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();

/** Alphabets that a sample may name. */
const alphabets: Readonly<Record<string, string>> = {
  alnum: digits + lower + upper,
  url: `${digits + lower + upper}_-`,
  hex: `${digits}abcdef`,
  digit: digits,
  lower,
  upper: upper + digits,
  letter: lower + upper,
  base32: `${upper}234567`,
  base64: `${digits + lower + upper}+/`,
  lownum: digits + lower,
  hexup: `${digits}ABCDEF`,
  base58: `${digits + lower + upper}`.replaceAll(/[0OIl]/g, ''),
  lower32: `${lower}234567`,
  bech32: '023456789acdefghjklmnpqrstuvwxyz',
  bechup: '023456789ACDEFGHJKLMNPQRSTUVWXYZ',
};

const uuid = '{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}';

/** Fills a rule's sample: `00{alnum:40}` becomes 00 and forty random letters and digits. No sample is secret-shaped on disk. */
export function fillIn(template: string): string {
  const text = template
    .replaceAll('{uuid}', uuid)
    .replaceAll(/\{([a-z]+[0-9]*):(\d+)\}/g, (whole, kind: string, length: string) => {
      const alphabet = alphabets[kind];
      return alphabet === undefined ? whole : randomText(alphabet, Number(length));
    });
  return withChecksums(text);
}

/** Puts in the checksums that vendors end tokens with, each over the text before it. */
function withChecksums(text: string): string {
  return text
    .replaceAll(/(\w{30})\{crc62\}/g, (_, body: string) => body + inBase62(crc32(body)).padStart(6, '0'))
    .replaceAll(
      /([A-Za-z0-9]{40})\{crc32\}/g,
      (_, body: string) => body + crc32(body).toString(16).padStart(8, '0'),
    )
    .replaceAll(/([\w.-]+)\{crc36\}/g, (_, body: string) => body + crc32(body).toString(36).padStart(7, '0'))
    .replaceAll(/(glsa_\w{32})_\{crc16\}/g, (_, body: string) => {
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(crc32(body));
      return `${body}_${sum.toString('hex')}`;
    });
}

function inBase62(sum: number): string {
  const rest = Math.floor(sum / 62);
  return (rest === 0 ? '' : inBase62(rest)) + (digits + upper + lower).charAt(sum % 62);
}

/** Draws a text that looks drawn: with letters and digits where it is long, and no separator at its ends. */
export function randomText(alphabet: string, length: number): string {
  const key = `${alphabet} ${String(length)}`;
  const draw = drawFrom(key);
  for (;;) {
    const text = Array.from({ length }, () => alphabet.charAt(draw(alphabet.length))).join('');
    const mixed = !alphabet.includes('0') || !alphabet.toLowerCase().includes('b') || length < 8;
    if (mixed || (/\d/.test(text) && /[a-z]/i.test(text) && /^[A-Za-z0-9].*[A-Za-z0-9]$/.test(text)))
      return text;
  }
}

/** Gives a source of numbers below a bound: the nth asker of one key gets the same ones in every run. */
function drawFrom(key: string): (below: number) => number {
  const nth = (asked.get(key) ?? 0) + 1;
  asked.set(key, nth);
  let state = crc32(`${seed} ${key} ${String(nth)}`);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
