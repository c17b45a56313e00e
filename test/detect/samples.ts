import { randomInt } from 'node:crypto';

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
};

const uuid = '{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}';

/** Fills a rule's sample: `00{alnum:40}` becomes 00 and forty random letters and digits. No sample is secret-shaped on disk. */
export function fillIn(template: string): string {
  return template
    .replaceAll('{uuid}', uuid)
    .replaceAll(/\{([a-z]+[0-9]*):(\d+)\}/g, (whole, kind: string, length: string) => {
      const alphabet = alphabets[kind];
      return alphabet === undefined ? whole : randomText(alphabet, Number(length));
    });
}

/** Draws a text that looks drawn: with letters and digits where it is long, and no separator at its ends. */
export function randomText(alphabet: string, length: number): string {
  for (;;) {
    const text = Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
    const mixed = !alphabet.includes('0') || !alphabet.toLowerCase().includes('b') || length < 8;
    if (mixed || (/\d/.test(text) && /[a-z]/i.test(text) && /^[A-Za-z0-9].*[A-Za-z0-9]$/.test(text)))
      return text;
  }
}
