import type { Lifetime } from '../model/finding.ts';
import type { ValueCheck } from '../model/rule.ts';
import { crc32 } from './crc32.ts';

/** What a value says about itself: whether its checksum holds, and how long it is good. */
export interface CheckResult {
  /** `holds`: a machine made it so; `fails`: no such service issued it; `unknown`: it does not tell. */
  readonly verdict: 'holds' | 'fails' | 'unknown';
  readonly reason?: string;
  readonly lifetime?: Lifetime;
  /** Seconds since 1970 at which it ends. */
  readonly endsAt?: number;
}

const unknown: CheckResult = { verdict: 'unknown' };

const checks: Readonly<Record<ValueCheck, (value: string) => CheckResult>> = {
  'github-crc32': (value) =>
    endsInBase62(value) ? holds : { verdict: 'fails', reason: 'its checksum does not hold' },
  'npm-crc32': (value) => (endsInBase62(value) ? holds : unknown),
  'gitlab-crc32': (value) =>
    sum(value, /^(?<body>.+)(?<sum>[0-9a-z]{7})$/, (crc) => crc.toString(36).padStart(7, '0')),
  'cloudflare-crc32': (value) => sum(value, /^(?<body>.+)(?<sum>[0-9a-f]{8})$/, toHex),
  'grafana-crc32': (value) => sum(value, /^(?<body>.+)_(?<sum>[0-9a-f]{8})$/, toHex),
  'azure-cask': (value) =>
    value.includes('JQQJ99') || value.includes('AzCa')
      ? { verdict: 'holds', reason: 'it carries the signature of Azure' }
      : unknown,
  'aws-key-id': (value) => accountOf(value),
  jwt: (value) => claimsOf(value),
  luhn: (value) =>
    passesLuhn(value) ? holds : { verdict: 'fails', reason: 'its check digit does not hold' },
};

const holds: CheckResult = { verdict: 'holds', reason: 'its checksum holds' };

/** Checks a value by the means that its issuer gave it. Pure; never throws. */
export function checkValue(check: ValueCheck, value: string): CheckResult {
  return checks[check](value);
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The last six characters are the CRC-32 of those after the prefix. */
function endsInBase62(value: string): boolean {
  const body = value.slice(value.indexOf('_') + 1, -6);
  let rest = crc32(body);
  let written = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) written = base62.charAt(rest % 62) + written;
  return value.endsWith(written.padStart(6, '0'));
}

function toHex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

/** Tries the sum over the text with and without its prefix, in both orders of bytes. */
function sum(value: string, form: RegExp, write: (crc: number) => string): CheckResult {
  const { body = '', sum: written = '' } = form.exec(value)?.groups ?? {};
  const bodies = [body, body.slice(body.search(/[_-]/) + 1)];
  const sums = bodies.flatMap((text) => [crc32(text), swapped(crc32(text))]).map(write);
  return sums.includes(written) ? holds : unknown;
}

function swapped(crc: number): number {
  return (
    ((crc & 0xff) * 2 ** 24 +
      ((crc >>> 8) & 0xff) * 2 ** 16 +
      ((crc >>> 16) & 0xff) * 2 ** 8 +
      (crc >>> 24)) >>>
    0
  );
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Bits 1 to 40 of the base32 text after the prefix are the account, for ids issued since 2019. */
function accountOf(value: string): CheckResult {
  let bits = 0n;
  for (const character of value.slice(4, 14)) {
    const at = base32.indexOf(character);
    if (at < 0) return unknown;
    bits = bits * 32n + BigInt(at);
  }
  const account = (bits >> 9n) & 0xffffffffffn;
  return account > 999_999_999_999n
    ? unknown
    : { verdict: 'unknown', reason: `its account is ${account.toString().padStart(12, '0')}` };
}

const DAY = 86_400;

/** A token without an end is static; one that is good for more than a day is as good as that. */
function claimsOf(value: string): CheckResult {
  const [head, body] = value.split('.').map(decode);
  if (head === undefined || body === undefined || typeof head['alg'] !== 'string') return unknown;
  const { exp, iat, nbf } = body;
  if (typeof exp !== 'number') return { verdict: 'holds', lifetime: 'static', reason: 'it has no end' };
  const from = typeof iat === 'number' ? iat : nbf;
  if (typeof from !== 'number')
    return { verdict: 'holds', lifetime: 'unknown', reason: 'it ends at a time', endsAt: exp };
  const days = Math.round((exp - from) / DAY);
  return exp - from <= DAY
    ? { verdict: 'holds', lifetime: 'short-lived', reason: 'it is good for a day at most', endsAt: exp }
    : { verdict: 'holds', lifetime: 'static', reason: `it is good for ${days} days`, endsAt: exp };
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function passesLuhn(value: string): boolean {
  const digits = Array.from(value.replaceAll(/\D/g, ''), Number).reverse();
  const total = digits.reduce(
    (all, digit, at) => all + (at % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)),
    0,
  );
  return digits.length > 1 && total % 10 === 0;
}
