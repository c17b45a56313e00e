import { remember } from './remember.ts';

/** What a piece of text looks like, judged without knowing its place. */
export type ValueClass = 'empty' | 'reference' | 'placeholder' | 'words' | 'plain' | 'random';

/** Text that stands for a value kept elsewhere. */
const references: readonly RegExp[] = [
  // `$y$` and `$apr1$` begin the hashes of passwords.
  /^\$(?![a-z0-9]{1,10}\$)[A-Za-z_{(]/,
  /\$\{[^}]{0,200}\}/,
  /\{\{.{0,200}\}\}/,
  /<%|%>/,
  // What is encrypted is kept where its key is.
  /^(?:ENC[[(]|\{cipher\}|wcFMA|hQ[EI]MA|LS0tLS1CRUdJTiBQR1AgTUVTU0FHR)/,
  /^%[A-Za-z_]\w*%$/,
  /^\[[A-Za-z][\w.]*\]::/,
  /^(op|vault|ssm|secretref|secretsmanager|keyring|pass|sops|awssm|gcpsm|akv|infisical|doppler):/i,
  /^(arn:aws|file:|env:|!vault|@Microsoft\.KeyVault)/,
  /^(secrets?|env|vars|process\.env|os\.environ|var|local|data|self|this|config|settings)[.[]/,
  /^projects\/[\w-]+\/secrets\//,
];

/** Words that only a stand-in holds; the short ones must stand alone. */
const placeholderWords =
  /example|placeholder|change[-_ ]?(?:me|it)|redacted|replace[-_ ]?(?:me|this|with)|insert[-_ ]|dummy[-_ ]|your(?:[-_ ]|pass|secret|token|api|key)|x{5}|\*{3}|\.{3}/i;
const shortWords =
  /(?:^|[^A-Za-z0-9])(?:todo|fake|sample|dummy|foo|bar|baz|none|null|undefined|your|the|not[-_ ]?real|my)(?:[^A-Za-z0-9]|$)/i;
const stockValues =
  /^(?:true|false|yes|no|tests?|testing|secret|passw(?:or)?d|token|admin|root|postgres|mysql|user|guest|default|string|str|abcd?|123456?7?8?9?|qwerty|letmein|hunter2|s3cr3t|p@ssw0rd|passw0rd)[0-9!]{0,4}$/i;

/** Classifies a value: only `random` looks like a secret by itself; `plain` may be a weak password. */
export function classify(value: string): ValueClass {
  return classified(value);
}

const classified = remember((value): ValueClass => {
  const text = value.trim();
  if (text === '') return 'empty';
  if (references.some((pattern) => pattern.test(text))) return 'reference';
  if (isStandIn(text)) return 'placeholder';
  if (/\s/.test(text) || isStructured(text)) return 'words';
  if (isRandom(text)) return 'random';
  return shortWords.test(text) ? 'placeholder' : 'plain';
});

/** Says whether a value is plainly not one: a reference, a marked example, one character over and over. */
export function isStandIn(text: string): boolean {
  return (
    references.some((pattern) => pattern.test(text)) ||
    /^<.*>$|^\[.*\]$|^[-*_.#?]+$/.test(text) ||
    stockValues.test(text) ||
    placeholderWords.test(text) ||
    // A zero byte is an A in base64.
    /([^A])\1{11}|^.{0,6}A{12}/.test(text) ||
    new Set(text).size <= 2 ||
    isPackedStandIn(text)
  );
}

/** `user:changeme`, or a stand-in alone, in base64. */
function isPackedStandIn(text: string): boolean {
  if (text.length > 200 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]{8,}={0,2}$/.test(text)) return false;
  const plain = Buffer.from(text, 'base64').toString('latin1');
  if (!/^[ -~]{4,}$/.test(plain)) return false;
  if (isStandIn(plain)) return true;
  const colon = plain.indexOf(':');
  return colon !== -1 && colon < plain.length - 1 && isStandIn(plain.slice(colon + 1));
}

/** Says whether a value of an exact format is a stand-in all the same: by its words or one character over and over, not by runs. */
export function isPlaceholder(text: string): boolean {
  return (
    references.some((pattern) => pattern.test(text)) ||
    /^<.*>$|^\[.*\]$/.test(text) ||
    isPackedStandIn(text) ||
    placeholderWords.test(text) ||
    text.split(/[-_./:+=~]/).some((part) => part.length >= 8 && new Set(part.toLowerCase()).size <= 2)
  );
}

/** URLs, paths, versions, dates, identifiers in words: things that are long and yet no secret. */
const structures: readonly RegExp[] = [
  /^[a-z][a-z0-9+.-]*:\/\//i,
  /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/,
  /^v?\d+(?:\.\d+)+/,
  /^\d{4}-\d\d-\d\d/,
  /^[\w./-]+\.(?:json|ya?ml|pem|key|crt|cert|p12|txt|env|[cm]?[jt]sx?|py|go|rb|md|html|svg|png|sh|toml|ini)$/i,
  /^[a-z]+(?:[._:/-][a-z]+)+$/i,
  /^[A-Z]+(?:_[A-Z0-9]+)+$/,
  /^[\w.+-]+@[\w-]+\.[\w.-]+$/,
  /^sha(?:1|256|384|512)[-:]/i,
  /^\$(?:2[aby]|[156]|argon2\w{1,2})\$/,
  /^data:/,
  /[()<>{}]/,
];

function isStructured(text: string): boolean {
  return structures.some((pattern) => pattern.test(text)) || isSequence(text);
}

/** `abcdefgh…`, `0123456789…`: typed, not drawn. */
function isSequence(written: string): boolean {
  const text = written.toLowerCase();
  let run = 1;
  for (let at = 1; at < text.length; at += 1) {
    run = text.charCodeAt(at) - text.charCodeAt(at - 1) === 1 ? run + 1 : 1;
    if (run >= 6) return true;
  }
  return false;
}

/** Sixteen characters at least that change their kind as often as chance does; words and identifiers do not. */
function isRandom(text: string): boolean {
  if (text.length < 16) return false;
  const { characters, changes, digits } = texture(text);
  if (characters < 14 || characters < text.length * 0.75) return false;
  const share = changes / characters;
  if (digits === 0) return characters >= 24 && share >= 0.42 && entropy(text) >= 3.6;
  return share >= (digits < characters / 12 ? 0.34 : 0.2) && changes >= 4 && entropy(text) >= 2.9;
}

interface Texture {
  /** Letters and digits. */
  readonly characters: number;
  /** How often a letter or digit follows one of another kind. */
  readonly changes: number;
  readonly digits: number;
}

function texture(text: string): Texture {
  let characters = 0;
  let changes = 0;
  let digits = 0;
  let before = '';
  for (const character of text) {
    const kind = kindOf(character);
    if (kind !== '') characters += 1;
    if (kind === 'digit') digits += 1;
    if (kind !== '' && before !== '' && kind !== before) changes += 1;
    before = kind;
  }
  return { characters, changes, digits };
}

function kindOf(character: string): 'digit' | 'lower' | 'upper' | '' {
  if (character >= '0' && character <= '9') return 'digit';
  if (character >= 'a' && character <= 'z') return 'lower';
  return character >= 'A' && character <= 'Z' ? 'upper' : '';
}

/** Shannon entropy in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Says whether a value has at least two kinds of characters and is no word: what a password may be. */
export function isPasswordLike(text: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
  return kinds >= 2 && /[0-9]|[^A-Za-z0-9_.-]/.test(text);
}

/** Below this a value can be guessed from a fingerprint whose salt is public, by trying all values. */
const ENOUGH_BITS = 72;

/**
 * Says whether a value may be fingerprinted: whether guessing it would take 72 bits of work. `drawn` says that the
 * format vouches for a machine having drawn it; otherwise it must look so.
 */
export function isStrong(text: string, drawn: boolean): boolean {
  if (text.startsWith('-----BEGIN')) return true;
  if (!drawn && !isRandom(text)) return false;
  return (
    text.length * Math.log2(alphabetSize(text)) >= ENOUGH_BITS &&
    entropy(text) * text.length >= ENOUGH_BITS * 0.8
  );
}

function alphabetSize(text: string): number {
  if (/^[0-9]*$/.test(text)) return 10;
  if (/^[0-9a-f]*$/i.test(text)) return 16;
  return [/[a-z]/, /[A-Z]/, /[0-9]/].reduce(
    (size, kind, at) => size + (kind.test(text) ? ([26, 26, 10][at] ?? 0) : 0),
    2,
  );
}

/** A digest that says so, as of an image. */
const digest = /(?:^|[^A-Za-z0-9])sha(?:1|256|384|512)[-:][A-Za-z0-9+/=]{40,}/;

/** A version, or a range of them. */
const version = /^[\^~<>=]{1,2}\s?v?\d|^v?\d+(?:\.(?:\d+|[x*])){1,3}$/;

/** Base64 of what begins as a picture, an archive, a document or a serialised object does. */
const packedFile =
  /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UEsDB|H4sI|JVBERi0|rO0AB|AAEAAAD\/{3}|PD94bWw|PHN2Zy|PCFET0)/;

/** Says whether a text is a version, a file or words: no credential, however long. */
function isWritten(text: string): boolean {
  return version.test(text) || packedFile.test(text) || isProse(text);
}

const word = /^["'(¿¡]?\p{L}{2,}["').,:;!?…]*$/u;

/** Says whether a text is written for people: a phrase, or a word of letters beyond ASCII. */
function isProse(text: string): boolean {
  if (!/\s/.test(text)) return !/\d/.test(text) && /(?![\0-\x7f])\p{L}/u.test(text);
  const parts = text.split(/\s+/, 40);
  const words = parts.filter((part) => word.test(part)).length;
  return words >= 2 && words >= parts.length * 0.6;
}

/** Says whether a candidate is worth a score: no reference, no stand-in, nothing that is too short. */
export function isOpen({ value }: { readonly value: string }): boolean {
  return open(value);
}

const open = remember((value): boolean => {
  const text = value.trim();
  if (text.length < 4 || digest.test(text) || isWritten(text)) return false;
  return !references.some((pattern) => pattern.test(text)) && !isStandIn(text);
});
