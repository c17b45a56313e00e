import type { Random } from './random.ts';

export const digits = '0123456789';
export const hex = `${digits}abcdef`;
const lower = 'abcdefghijklmnopqrstuvwxyz';
export const alnum = digits + lower + lower.toUpperCase();
const base36 = digits + lower;
const url = `${alnum}-_`;
const base64 = `${alnum}+/`;
const lengths = [16, 20, 22, 24, 27, 30, 32, 32, 32, 36, 40, 40, 43, 44, 48, 52, 56, 64, 64, 80, 86];

export type Words = readonly string[];

/** Draws what a machine issues: tokens of many alphabets, with and without a prefix. */
export function drawToken(random: Random, words: Words): string {
  const length = random.pick(lengths);
  const body = random.pick([
    () => random.text(hex, length),
    () => random.text(hex, length),
    () => random.text(base36, length),
    () => random.text(alnum, length),
    () => random.text(alnum, length),
    () => random.text(url, length),
    () => random.text(base64, length - (length % 4)) + random.pick(['', '=', '==']),
    () => drawUuid(random),
    () => random.text(alnum.toUpperCase(), length),
    () =>
      [1, 2, 3].map(() => random.text(alnum, 8 + random.below(14))).join(random.pick(['.', '-', ':', '_'])),
  ])();
  if (random.chance(0.65)) return body;
  const prefix = random.pick([random.text(lower, 2 + random.below(4)), random.pick(words).slice(0, 5)]);
  return `${prefix}${random.pick(['_', '-', '.', ''])}${random.pick(['', '', 'live_', 'prod-', 'v1.', 'pat_'])}${body}`;
}

export function drawUuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => random.text(hex, length)).join('-');
}

/** Draws what a person makes up: words, digits and signs. */
export function drawPassword(random: Random, words: Words): string {
  const word = (): string => random.pick(words);
  const title = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  const sign = (): string => random.pick(['!', '@', '#', '$', '%', '*', '?', '_', '-', '.', '&', '+']);
  return random.pick([
    () => title(word()) + random.text(digits, 1 + random.below(4)) + sign(),
    () => word() + random.text(digits, 2 + random.below(4)),
    () => leet(word(), random) + sign() + random.text(digits, 2 + random.below(3)),
    () => title(word()) + sign() + title(word()) + random.text(digits, random.below(4)),
    () => random.text(alnum, 8 + random.below(9)),
    () => random.text(`${alnum}!@#$%^&*_-+=?`, 8 + random.below(13)),
    () =>
      random.text(lower, 3 + random.below(3)) +
      random.text(digits, 3 + random.below(4)) +
      random.text(lower, random.below(4)),
    () => leet(title(word()), random) + leet(word(), random),
    () => random.text(base36, 8 + random.below(8)),
  ])();
}

function leet(word: string, random: Random): string {
  const signs: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };
  return Array.from(word, (letter) => (random.chance(0.6) ? (signs[letter] ?? letter) : letter)).join('');
}

/** Draws what stands under the same names and is no secret. */
export function drawHarmless(random: Random, words: Words): string {
  const word = (): string => random.pick(words);
  const phrase = (glue: string): string => Array.from({ length: 2 + random.below(4) }, word).join(glue);
  const camel = (): string => phrase(' ').replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase());
  return random.pick([
    () => phrase('-'),
    () => phrase('_'),
    () => phrase(' '),
    () => phrase('.'),
    () => phrase('/'),
    () => phrase('_').toUpperCase(),
    () => camel(),
    () => camel(),
    () => `${camel()}.${camel()}`,
    () => `${camel()}()`,
    () => `get${camel()}(${word()})`,
    () => `${word()}${random.below(30)}`,
    () => word(),
    () => `\${${phrase('_').toUpperCase()}}`,
    () => `$${phrase('_').toUpperCase()}`,
    () => `{{ ${phrase('_')} }}`,
    () => `{{ .Values.${camel()} }}`,
    () => `<your-${phrase('-')}>`,
    () => `your_${phrase('_')}_here`,
    () => `YOUR_${phrase('_').toUpperCase()}`,
    () => `my-${phrase('-')}`,
    () =>
      `${random.pick(['test', 'fake', 'dummy', 'example', 'sample', 'mock', 'foo', 'some', 'invalid', 'changeme', 'secret', 'password', 'token'])}${random.pick(['-', '_', ''])}${random.pick(['token', 'secret', 'password', 'key', word()])}${random.pick(['', '', '1', '123', '-1'])}`,
    () => random.pick(['x', 'X', '*', '0', '1', 'a', '.', '#']).repeat(4 + random.below(40)),
    () =>
      `${random.text(alnum, 2 + random.below(4))}${random.pick(['x', 'X', '*', '.']).repeat(6 + random.below(30))}`,
    () =>
      (random.chance(0.5)
        ? 'abcdefghijklmnopqrstuvwxyz0123456789'
        : '1234567890abcdef1234567890abcdef'
      ).slice(random.below(4), 12 + random.below(24)),
    () => `/${phrase('/')}${random.pick(['', '.key', '.pem', '.txt', '.json'])}`,
    () => `./${phrase('/')}.${random.pick(['json', 'yaml', 'pem', 'env'])}`,
    () => `https://${word()}.${word()}.com/${phrase('/')}`,
    () => `${word()}@${word()}.com`,
    () => `${random.below(20)}.${random.below(20)}.${random.below(90)}`,
    () => `20${random.below(90) + 10}-0${1 + random.below(9)}-1${random.below(10)}T10:00:00Z`,
    () =>
      random.pick(['op://', 'vault:', 'ssm:/', 'secretRef:', 'arn:aws:secretsmanager:eu-west-1:']) +
      phrase('/'),
    () => `process.env.${phrase('_').toUpperCase()}`,
    () => `os.environ["${phrase('_').toUpperCase()}"]`,
    () => `${camel()}["${word()}"]`,
    () => random.text(digits, 1 + random.below(12)),
    () =>
      random.pick([
        'true',
        'false',
        'null',
        'None',
        'undefined',
        'string',
        'String',
        'required',
        'optional',
        'password',
        'secret',
        'token',
        'bearer',
        'Bearer',
        'basic',
        'hidden',
        'text',
        'default',
        '****',
      ]),
    () => `\${{ secrets.${phrase('_').toUpperCase()} }}`,
    () => `%${phrase('_')}%`,
    () => `sha256:${random.text(hex, 64)}`,
    () => `$2b$12$${random.text(alnum, 53)}`,
  ])();
}

/** Draws random text that stands under names of ids, digests and other public things. */
export function drawPublic(random: Random): string {
  return random.pick([
    () => random.text(hex, random.pick([7, 12, 20, 24, 32, 40, 56, 64])),
    () => drawUuid(random),
    () => random.text(alnum, 10 + random.below(30)),
    () => random.text(digits, 6 + random.below(14)),
    () => `sha512-${random.text(base64, 86)}==`,
    () => random.text(base36, 12 + random.below(20)),
    () => `${random.text(digits, 12)}-${random.text(base36, 32)}.apps.example.net`,
  ])();
}
