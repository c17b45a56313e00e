import { randomInt } from 'node:crypto';

const alphabets: Readonly<Record<string, string>> = {
  alnum: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  hex: '0123456789abcdef',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  letter: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  digit: '0123456789',
  digits: '0123456789',
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  lowernum: 'abcdefghijklmnopqrstuvwxyz0123456789',
  uppernum: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
};

/** Fills in a sample template at run time: `00{alnum:40}`. Never ends a token with a separator. */
export function fillIn(template: string): string {
  return template.replace(/\{(\w+):(\d+)\}/g, (whole, kind: string, count: string) => {
    const alphabet = alphabets[kind];
    if (alphabet === undefined) return whole;
    return Array.from({ length: Number(count) }, () => alphabet[randomInt(alphabet.length)]).join('');
  });
}
