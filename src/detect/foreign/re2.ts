import { AgentIdError } from '../../model/error.ts';

/** Most repetitions of one character, and of a group, that an open-ended quantifier is lowered to. */
const MOST_CHARACTERS = 4096;
const MOST_GROUPS = 64;

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const posix: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

const space = '\\t\\n\\f\\r ';

/**
 * Writes a pattern of Go's `regexp` (RE2) for `RegExp` without flags: scoped flags, POSIX classes and anchors are
 * spelt out, and every open-ended quantifier gets an end. Throws `malformed` for what has no equal.
 */
export function lowerPattern(source: string): string {
  return new Lowering(source).run();
}

class Lowering {
  readonly #source: string;
  #at = 0;
  #flags: Flags = { i: false, m: false, s: false };
  readonly #outer: Flags[] = [];
  readonly #out: string[] = [];
  /** What a quantifier would repeat. */
  #atom: 'character' | 'group' | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    if (this.#outer.length > 0) throw this.#error('a group is not closed');
    return this.#out.join('');
  }

  #step(): void {
    const char = this.#source[this.#at] ?? '';
    const fixed = this.#fixed(char);
    if (fixed !== undefined) this.#plain(fixed);
    else if (char === '(') this.#open();
    else if (char === ')') this.#close();
    else if (char === '[') this.#next(this.#class());
    else if (char === '\\') this.#escape();
    else if (char === '.') this.#next(this.#flags.s ? '[\\s\\S]' : '[^\\n]');
    else if ('*+?'.includes(char) || this.#count() !== undefined) this.#quantify();
    else this.#next(this.#literal(char));
  }

  /** What stands for itself and cannot be repeated. */
  #fixed(char: string): string | undefined {
    if (char === '|') return '|';
    if (char === '^') return this.#flags.m ? '(?<![^\\n])' : '(?<![\\s\\S])';
    if (char === '$') return this.#flags.m ? '(?![^\\n])' : '(?![\\s\\S])';
    return undefined;
  }

  #open(): void {
    const rest = this.#source.slice(this.#at);
    const flags = /^\(\?([ims]*)(?:-([ims]+))?([:)])/.exec(rest);
    this.#atom = null;
    if (flags === null) {
      this.#openPlain(rest);
      return;
    }
    const [head, on = '', off = '', end] = flags;
    this.#at += head.length;
    if (end === ':') this.#outer.push(this.#flags);
    this.#flags = withFlags(this.#flags, on, off);
    if (end === ':') this.#out.push('(?:');
  }

  #openPlain(rest: string): void {
    const named = /^\(\?P?<(\w+)>/.exec(rest);
    if (named === null && rest.startsWith('(?'))
      throw this.#error('a group of a kind that RE2 does not know');
    this.#at += named?.[0].length ?? 1;
    this.#outer.push(this.#flags);
    this.#out.push(named === null ? '(' : `(?<${named[1] ?? ''}>`);
  }

  #close(): void {
    const group = this.#outer.pop();
    if (group === undefined) throw this.#error('a group is closed that was not opened');
    this.#flags = group;
    this.#out.push(')');
    this.#at += 1;
    this.#atom = 'group';
  }

  #escape(): void {
    const rest = this.#source.slice(this.#at);
    const next = rest[1] ?? '';
    if (next === 'Q') {
      const end = rest.indexOf('\\E');
      const text = rest.slice(2, end === -1 ? undefined : end);
      for (const char of text) this.#append(this.#literal(char));
      this.#at += end === -1 ? rest.length : end + 2;
    } else if (next === 'A' || next === 'z') {
      this.#at += 1;
      this.#plain(next === 'A' ? '(?<![\\s\\S])' : '(?![\\s\\S])');
    } else if (next === 'b' || next === 'B') {
      this.#at += 1;
      this.#plain(`\\${next}`);
    } else {
      const [text, length] = this.#escaped(rest);
      this.#at += length;
      this.#append(this.#cased(text, rest));
    }
  }

  /** Gives what an escape stands for outside of a class, and its length. */
  #escaped(rest: string): readonly [string, number] {
    const code = /^\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(rest);
    if (code !== null) return [escapeCode(parseInt(code[1] ?? code[2] ?? '0', 16)), code[0].length];
    if (rest[1] === 's') return [`[${space}]`, 2];
    if (rest[1] === 'S') return [`[^${space}]`, 2];
    if (rest[1] === 'p' || rest[1] === 'P') throw this.#error('a Unicode class');
    return [escapeLetter(rest[1] ?? ''), 2];
  }

  #cased(text: string, rest: string): string {
    return this.#flags.i && rest.startsWith('\\x') ? this.#literal(unescapeCode(text)) : text;
  }

  #class(): string {
    const end = classEnd(this.#source, this.#at);
    if (end === -1) throw this.#error('a class is not closed');
    const body = this.#source.slice(this.#at + 1, end - 1);
    const negated = body.startsWith('^');
    this.#at = end - 1;
    const items = lowerClass(negated ? body.slice(1) : body, this.#flags.i);
    return `[${negated ? '^' : ''}${items}]`;
  }

  #count(): RegExpExecArray | undefined {
    return /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 16)) ?? undefined;
  }

  #quantify(): void {
    const atom = this.#atom;
    if (atom === null) throw this.#error('nothing to repeat');
    const [least, most] = this.#bounds(atom === 'character' ? MOST_CHARACTERS : MOST_GROUPS);
    const lazy = this.#source[this.#at] === '?' ? '?' : '';
    this.#at += lazy.length;
    this.#out.push(`{${least},${most}}${lazy}`);
    this.#atom = null;
  }

  /** Reads a quantifier; an open-ended one ends at `end`. */
  #bounds(end: number): readonly [number, number] {
    const counted = this.#count();
    const char = this.#source[this.#at] ?? '';
    this.#at += counted?.[0].length ?? 1;
    if (counted === undefined) return [char === '+' ? 1 : 0, char === '?' ? 1 : end];
    const least = Number(counted[1]);
    if (counted[2] === '') return [least, least];
    return [least, counted[3] === '' ? Math.max(end, least) : Number(counted[3])];
  }

  #literal(char: string): string {
    const { i } = this.#flags;
    if (i && /[a-z]/i.test(char)) return `[${char.toLowerCase()}${char.toUpperCase()}]`;
    return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
  }

  #next(text: string): void {
    this.#at += 1;
    this.#append(text);
  }

  #plain(text: string): void {
    this.#at += 1;
    this.#out.push(text);
    this.#atom = null;
  }

  #append(text: string): void {
    this.#atom = 'character';
    this.#out.push(text);
  }

  #error(what: string): AgentIdError {
    return new AgentIdError('malformed', `the pattern has ${what}`, { where: `character ${this.#at + 1}` });
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const of = (flag: 'i' | 'm' | 's'): boolean => (flags[flag] || on.includes(flag)) && !off.includes(flag);
  return { i: of('i'), m: of('m'), s: of('s') };
}

function classEnd(source: string, from: number): number {
  let at = from + 1;
  if (source[at] === '^') at += 1;
  if (source[at] === ']') at += 1;
  while (at < source.length && source[at] !== ']') {
    if (source.startsWith('[:', at)) at = source.indexOf(':]', at) + 2;
    else at += source[at] === '\\' ? 2 : 1;
  }
  return at < source.length ? at + 1 : -1;
}

/** Spells out the members of a class; in any case where letters stand for both. */
function lowerClass(body: string, anyCase: boolean): string {
  const part =
    /\[:(\^?)(\w+):\]|(\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[^dDwWsS]|[^\\])-(\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[^dDwWsS]|[^\\\]])|\\x\{([0-9A-Fa-f]+)\}|\\x([0-9A-Fa-f]{2})|\\([\s\S])|([\s\S])/g;
  return [...body.matchAll(part)].map((found) => lowerMember(found, anyCase)).join('');
}

function lowerMember(found: RegExpExecArray, anyCase: boolean): string {
  const [whole, , name, from, to, wide, hex, letter, char] = found;
  if (name !== undefined) return posix[name] ?? '';
  if (from !== undefined && to !== undefined) return range(from, to, anyCase);
  if (wide !== undefined || hex !== undefined) return member(parseInt(wide ?? hex ?? '0', 16), anyCase);
  if (letter !== undefined) return letter === 's' ? space : escapeLetter(letter);
  return member((char ?? whole).charCodeAt(0), anyCase);
}

function range(from: string, to: string, anyCase: boolean): string {
  const [low, high] = [codeOf(from), codeOf(to)];
  const plain = `${escapeCode(low)}-${escapeCode(high)}`;
  if (!anyCase) return plain;
  const lower = overlap([low, high], [97, 122], -32);
  const upper = overlap([low, high], [65, 90], 32);
  return plain + lower + upper;
}

type Codes = readonly [number, number];

function overlap([low, high]: Codes, [first, last]: Codes, shift: number): string {
  const [from, to] = [Math.max(low, first), Math.min(high, last)];
  return from > to ? '' : `${escapeCode(from + shift)}-${escapeCode(to + shift)}`;
}

function member(code: number, anyCase: boolean): string {
  const char = String.fromCharCode(code);
  if (!anyCase || !/[a-z]/i.test(char)) return escapeCode(code);
  return char.toLowerCase() + char.toUpperCase();
}

function codeOf(written: string): number {
  const hex = /^\\x\{?([0-9A-Fa-f]+)/.exec(written)?.[1];
  if (hex !== undefined) return parseInt(hex, 16);
  return written.startsWith('\\')
    ? unescapeCode(escapeLetter(written[1] ?? '')).charCodeAt(0)
    : written.charCodeAt(0);
}

/** Writes one character so that it stands for itself in a class and outside of one. */
function escapeCode(code: number): string {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_]/.test(char)) return char;
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

function unescapeCode(text: string): string {
  const code = /^\\u([0-9a-f]{4})$/.exec(text)?.[1];
  return code === undefined ? text : String.fromCharCode(parseInt(code, 16));
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

function escapeLetter(letter: string): string {
  if ('dDwWsS'.includes(letter)) return `\\${letter}`;
  return escapeCode(controls[letter] ?? letter.charCodeAt(0));
}
