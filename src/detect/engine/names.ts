import { textCandidates } from '../candidates/text.ts';
import { leastDemand } from '../demand.ts';
import { weigh } from '../model/judge.ts';
import { classify, isOpen, isPasswordLike } from '../value.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { RunFinder } from './runs.ts';

/** Bytes after a name within which its value begins: a pair of lines, or attributes of an element. */
const REACH = 160;
/** Longest value that is looked at. */
const MOST_VALUE = 600;
/** Longest name, to each side of the word in it. */
const MOST_NAME = 60;
/** Bytes around a name in which the model sees what it needs. */
const BEFORE_CANDIDATE = 260;
const AFTER_CANDIDATE = 1600;
const anyCode = 'any.ts';
/** Bytes before a name in which its line begins. */
const LINE = 400;
/** Bytes before a name within which what reads it stands. */
const BEFORE = 120;

/** What reads a name directly: `process.env.`, `getenv("`, `${`, `secrets.`. */
const reader =
  /(?:(?:\benv|environ|secrets|viper|Deno\.env|\bget_?env|lookup_?env)(?:\.\w{1,12})?[.[(]["'`\s]{0,2}|\$[{(]{0,2}\s?(?:env:)?)$/i;
/** What refers to one by several keys, a line or more before. */
const reference = /(?:secretref|secretname|secrets|type=secret)["']?\s{0,4}[:=,][\s\w"':.,=-]{0,100}$/i;
/** A name kept for a read elsewhere: quoted, or taken out of an object. */
const kept = /["'`]$|[{,]\s{0,8}$/;
/** A name that is handed on from another one: `TOKEN: ${{ secrets.X }}`. */
const handed = /^["'\]]?\s{0,4}[:=]\s{0,4}["']?(?:[\w:+/.-]{0,40}|[A-Z][a-z]+ )(?:\$[{(A-Za-z]|!vault)/;
/** What may stand between a name and its value. */
const gap =
  /^(?:[^A-Za-z0-9]|(?<![A-Za-z0-9])(?:[0-9]{1,2}(?![A-Za-z0-9])|[bfru]{1,2}(?=["'`]))|(?<![A-Za-z])(?:value|default|string|str|text|data|content|bearer|basic)(?![a-z])){0,80}$|(?<![a-z])value["']?\s{0,4}[:=]\s{0,4}["']?$/i;
const keyNamed = {
  name: /\bname["']?\s{0,4}:\s{0,4}["']?([\w.-]{1,80})/,
  key: /\bkey["']?\s{0,4}:\s{0,4}["']?([\w.-]{1,80})/,
} as const;
/** A value that begins with a quote, or with a scheme after one. */
const quoted = /["'`](?:\w{3,10} )?$/;
/** A key of several words at the start of its line. */
const wordyKey = /^[ \t]{0,20}(?:- )?["']?([\w.-]{1,30}(?: [\w.-]{1,30}){1,4})["']?[ \t]{0,4}[:=]/gm;
const SPACE = 0x20;
const shortRun = /[^\s"'`<>;,]{8,600}/g;
const longRun = /[^\s"'`<>;,]{16,600}/g;
/** What a machine draws has a digit, or is long. */
const drawn = /^(?=.{0,600}[0-9]|.{24})[^()\s]{16,600}$/;
/** A pair in which the value comes first. */
const pairedName = /value["']?\s{0,4}[:=][^]{0,100}name["']?\s{0,4}[:=]\s{0,4}["']?$/i;

/** Letters, digits and what joins words in a name. */
const inName = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(/[\w.-]/.test(String.fromCharCode(code))),
);

const isQuote = Uint8Array.from({ length: 256 }, (_, code) =>
  Number('"\'`'.includes(String.fromCharCode(code))),
);

/** What is judged. */
interface NamedBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** It reads names somewhere. */
  readonly reads: boolean;
  /** It is code: its values are quoted. */
  readonly isCode: boolean;
  /** Values alone are asked for, not what reads a name. */
  readonly onlyValues: boolean;
}

/** Judges words that stand in the names of secrets: whether a value or a read by name is near. */
export class NameJudge {
  readonly #rules: RuleSet;
  readonly #runs = new RunFinder();
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #reads = false;
  #isCode = false;
  #onlyValues = false;
  /** Names before this offset have been weighed. */
  #weighedTo = 0;

  constructor(rules: RuleSet) {
    this.#rules = rules;
  }

  reset(file: NamedBytes): void {
    this.#bytes = file.bytes;
    this.#start = file.start;
    this.#end = file.end;
    this.#reads = file.reads;
    this.#isCode = file.isCode;
    this.#onlyValues = file.onlyValues;
    this.#weighedTo = 0;
    this.#runs.reset(file.bytes, file.end);
  }

  /** Judges one word at an offset; offsets rise. */
  judge(at: number, length: number): 'value' | 'use' | undefined {
    if (this.#goesOn(at, length)) return undefined;
    const right = this.#nameEnd(at + length);
    const hasValue = this.#hasValue(at, right);
    const left = this.#nameStart(at);
    if (!hasValue && !this.#isTold(left, at, right)) return undefined;
    const rule = this.#ruleOf(left, at, right);
    if (hasValue && this.#isCandidate(at)) return 'value';
    if (rule === undefined) return undefined;
    if (hasValue && this.#valueFits(right, rule)) return 'value';
    if (this.#isPaired(left)) return 'value';
    return !this.#onlyValues && this.#isRead(left, right) ? 'use' : undefined;
  }

  /** Judges a reference by several keys, such as `secretKeyRef`, at its offset: name and key together may tell. */
  judgeReference(at: number): 'use' | undefined {
    const text = this.#bytes.toString('latin1', at, Math.min(this.#end, at + REACH));
    const [name, key] = [keyNamed.name, keyNamed.key].map((pattern) => pattern.exec(text)?.[1] ?? '');
    return [key, name, `${name}/${key}`].some((one) => this.#rules.ofName(one ?? '') !== undefined)
      ? 'use'
      : undefined;
  }

  /** `path` and `keyboard` hold short words, but do not end with them. */
  #goesOn(at: number, length: number): boolean {
    const next = this.#bytes[at + length] ?? 0;
    return length === 3 && next >= 97 && next <= 122 && next !== 115;
  }

  #hasValue(at: number, right: number): boolean {
    const reach = Math.min(this.#end, right + REACH);
    return this.#runs.has(right, reach) && (!this.#isCode || this.#isQuoted(at, reach));
  }

  /** In code a value is quoted, and so is a name within it: on its line before, or after. */
  #isQuoted(at: number, reach: number): boolean {
    for (let near = at; near < reach; near += 1) if (isQuote[this.#bytes[near] ?? 0] === 1) return true;
    const least = Math.max(this.#start, at - LINE);
    for (let near = at - 1; near >= least && this.#bytes[near] !== 10; near -= 1)
      if (isQuote[this.#bytes[near] ?? 0] === 1) return true;
    return false;
  }

  /** An expansion or a tag may stand near: `$`, `%`, `!`. */
  #isMarked(at: number, right: number): boolean {
    const most = Math.min(this.#end, right + MOST_NAME);
    for (let near = Math.max(this.#start, at - MOST_NAME); near < most; near += 1) {
      const byte = this.#bytes[near];
      if (byte === 36 || byte === 37 || byte === 33) return true;
    }
    return false;
  }

  #nameStart(at: number): number {
    const least = Math.max(this.#start, at - MOST_NAME);
    let left = at;
    while (left > least && inName[this.#bytes[left - 1] ?? 0] === 1) left -= 1;
    return left;
  }

  #nameEnd(at: number): number {
    const most = Math.min(this.#end, at + MOST_NAME);
    let right = at;
    while (right < most && inName[this.#bytes[right] ?? 0] === 1) right += 1;
    return right;
  }

  /** The rule of a name: of its last part where it is dotted, and of the whole where that is a key. */
  #ruleOf(left: number, at: number, right: number): CompiledRule | undefined {
    const whole = this.#bytes.toString('latin1', left, right);
    const dot = whole.lastIndexOf('.', at - left);
    const end = whole.indexOf('.', at - left);
    const found = this.#rules.ofName(whole.slice(dot + 1, end === -1 ? undefined : end));
    if (found !== undefined) return found;
    if (this.#bytes[left - 1] === SPACE) return this.#ruleOfKey(left, right);
    return (dot === -1 && end === -1) || !this.#isAssigned(right) ? undefined : this.#rules.ofName(whole);
  }

  /** The key of a line may be of several words: `Unseal Key 1: `. */
  #ruleOfKey(left: number, right: number): CompiledRule | undefined {
    const start = Math.max(this.#start, left - MOST_NAME);
    const text = this.#bytes.toString('latin1', start, Math.min(this.#end, right + MOST_NAME));
    const name = [...text.matchAll(wordyKey)].findLast(({ index }) => start + index < left)?.[1];
    return name === undefined ? undefined : this.#rules.ofName(name);
  }

  #isAssigned(right: number): boolean {
    let at = right;
    while (at < right + 3 && ' "\'\t'.includes(String.fromCharCode(this.#bytes[at] ?? 0))) at += 1;
    return this.#bytes[at] === 0x3d || this.#bytes[at] === 0x3a;
  }

  /** Asks the model about what stands around, once for each stretch of bytes. */
  #isCandidate(at: number): boolean {
    if (at < this.#weighedTo) return false;
    const from = Math.max(this.#start, at - BEFORE_CANDIDATE);
    const to = Math.min(this.#end, at + AFTER_CANDIDATE);
    const text = this.#bytes.toString('latin1', from, to);
    const last = to === this.#end ? Infinity : to - from - REACH - MOST_VALUE;
    this.#weighedTo = from + Math.min(last, to - from);
    const names = [
      { start: Math.max(0, at - from - MOST_NAME), end: Math.min(text.length, last + MOST_NAME) },
    ];
    return textCandidates(text, this.#isCode ? anyCode : undefined, names).some(
      (candidate) => isOpen(candidate) && weigh(text, candidate).score >= leastDemand(text, candidate),
    );
  }

  #valueFits(right: number, rule: CompiledRule): boolean {
    const text = this.#bytes.toString('utf8', right, Math.min(this.#end, right + REACH + MOST_VALUE));
    for (const { 0: run, index } of text.matchAll(isShort(rule) ? shortRun : longRun)) {
      if (index > REACH) return false;
      if (this.#mayFollow(text.slice(0, index)) && mayBe(run, rule)) return true;
    }
    return false;
  }

  #mayFollow(between: string): boolean {
    return gap.test(between) && (!this.#isCode || quoted.test(between));
  }

  /** Something else than a value after it speaks for the name. */
  #isTold(left: number, at: number, right: number): boolean {
    return (!this.#onlyValues && (this.#reads || this.#isMarked(at, right))) || this.#isPaired(left);
  }

  /** Most names follow no sign. */
  #isPaired(left: number): boolean {
    let sign = left - 1;
    while (sign > left - 6 && isSpaceOrQuote(this.#bytes[sign] ?? 0)) sign -= 1;
    if (this.#bytes[sign] !== 0x3a && this.#bytes[sign] !== 0x3d) return false;
    return pairedName.test(this.#bytes.toString('latin1', Math.max(this.#start, left - BEFORE), left));
  }

  #isRead(left: number, right: number): boolean {
    const name = this.#bytes.toString('latin1', left, right);
    const before = this.#bytes.toString('latin1', Math.max(this.#start, left - BEFORE), left);
    const dotted = name.lastIndexOf('.') + 1;
    if (
      reader.test(before + name.slice(0, dotted)) ||
      (this.#reads && !this.#isCode && reference.test(before))
    )
      return true;
    if (handed.test(this.#bytes.toString('latin1', right, Math.min(this.#end, right + BEFORE)))) return true;
    return this.#reads && /^[A-Z0-9_]{4,}$/.test(name.slice(dotted)) && kept.test(before);
  }
}

function isSpaceOrQuote(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13) || isQuote[byte] === 1;
}

/** Its values may be shorter than what can be told to be drawn. */
function isShort({ rule, value }: CompiledRule): boolean {
  return rule.value?.looks === 'password' || value !== undefined;
}

function mayBe(run: string, rule: CompiledRule): boolean {
  const bare = run.replace(/^[^\w]+|[\\)\]}]+$/g, '');
  if (isDrawn(run) || isDrawn(bare)) return true;
  return isShort(rule) && (isTyped(run, rule) || isTyped(bare, rule));
}

function isDrawn(run: string): boolean {
  return drawn.test(run) && classify(run) === 'random';
}

/** A password may look like anything, so it counts only right after its name. */
function isTyped(run: string, { rule, value: pattern }: CompiledRule): boolean {
  if (pattern !== undefined ? !pattern.test(run) : !isPasswordLike(run) || rule.value?.looks !== 'password')
    return false;
  const looks = classify(run);
  return looks === 'plain' || looks === 'random';
}
