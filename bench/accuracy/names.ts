import type { Random } from './random.ts';
import type { Words } from './values.ts';

const secretEnds: readonly (readonly string[])[] = [
  ['token'],
  ['token'],
  ['api', 'token'],
  ['access', 'token'],
  ['auth', 'token'],
  ['bot', 'token'],
  ['refresh', 'token'],
  ['secret'],
  ['client', 'secret'],
  ['api', 'secret'],
  ['app', 'secret'],
  ['webhook', 'secret'],
  ['shared', 'secret'],
  ['api', 'key'],
  ['api', 'key'],
  ['apikey'],
  ['access', 'key'],
  ['secret', 'key'],
  ['private', 'key'],
  ['auth', 'key'],
  ['encryption', 'key'],
  ['signing', 'key'],
  ['service', 'key'],
  ['master', 'key'],
  ['account', 'key'],
  ['license', 'key'],
  ['pat'],
  ['personal', 'access', 'token'],
  ['credential'],
  ['jwt'],
  ['key'],
  ['secret', 'access', 'key'],
  ['secret', 'key', 'base'],
];
const passwordEnds: readonly (readonly string[])[] = [
  ['password'],
  ['password'],
  ['password'],
  ['passwd'],
  ['pass'],
  ['pwd'],
  ['passphrase'],
  ['db', 'password'],
  ['root', 'password'],
  ['admin', 'password'],
  ['user', 'password'],
  ['smtp', 'pass'],
  ['login', 'password'],
  ['mysql', 'pwd'],
];
const publicEnds: readonly (readonly string[])[] = [
  ['token', 'id'],
  ['key', 'id'],
  ['secret', 'id'],
  ['token', 'hash'],
  ['public', 'key'],
  ['password', 'hash'],
  ['key', 'fingerprint'],
  ['token', 'digest'],
  ['key', 'checksum'],
  ['auth', 'commit'],
  ['token', 'uuid'],
  ['secret', 'version'],
  ['key', 'sha256'],
  ['access', 'key', 'id'],
  ['auth', 'user', 'id'],
  ['credentials', 'id'],
  ['credential', 'id'],
  ['csrf', 'token'],
  ['next', 'page', 'token'],
  ['cache', 'key'],
  ['foreign', 'key'],
  ['primary', 'key'],
  ['sort', 'key'],
  ['partition', 'key'],
  ['publishable', 'key'],
  ['continuation', 'token'],
  ['key', 'event'],
];

export interface DrawnName {
  readonly text: string;
  readonly password: boolean;
}

/** Draws the name of a secret, in one of the styles of code and configuration. */
export function drawName(random: Random, words: Words): DrawnName {
  const password = random.chance(0.3);
  const parts = random.pick(password ? passwordEnds : secretEnds);
  return { text: style(random, [...before(random, words), ...parts]), password };
}

/** Draws a name that speaks of a secret and is that of something public. */
export function drawPublicName(random: Random, words: Words): string {
  return style(random, [...before(random, words), ...random.pick(publicEnds)]);
}

function before(random: Random, words: Words): readonly string[] {
  return random.pick([
    [],
    [random.pick(words)],
    [random.pick(words)],
    [random.pick(words), random.pick(words)],
  ]);
}

function style(random: Random, parts: readonly string[]): string {
  const title = (part: string): string => part.charAt(0).toUpperCase() + part.slice(1);
  const camel = parts.map((part, at) => (at === 0 ? part : title(part))).join('');
  return random.pick([
    () => parts.join('_').toUpperCase(),
    () => parts.join('_').toUpperCase(),
    () => parts.join('_'),
    () => parts.join('-'),
    () => camel,
    () => camel,
    () => title(camel),
    () => parts.join('.'),
    () => parts.join(''),
  ])();
}
