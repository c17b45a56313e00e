import { classify, isPasswordLike } from '../value.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { RunFinder } from './runs.ts';

/** Bytes after a name within which its value begins: a pair of lines, or attributes of an element. */
const REACH = 160;
/** Longest value that is looked at. */
const MOST_VALUE = 600;
/** Longest name, to each side of the word in it. */
const MOST_NAME = 60;
/** Bytes before a name within which what reads it stands. */
const BEFORE = 160;

const readsBefore =
  /(?:process\.env|import\.meta\.env|environ|get_?env|lookupenv|viper|env\.get|secrets?|keyref|type=secret|\$\{?|\$\()/i;
const readsAfter = /^["'\]]?\s{0,4}[:=]\s{0,4}["']?(?:[\w:+/.-]{0,40}\$[{(A-Za-z]|[A-Z ]{0,8}\$)/;

/** Letters, digits and what joins words in a name. */
const inName = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(/[\w.-]/.test(String.fromCharCode(code))),
);

/** Judges words that stand in the names of secrets: whether a value or a read by name is near. */
export class NameJudge {
  readonly #rules: RuleSet;
  readonly #runs = new RunFinder();
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #reads = false;

  constructor(rules: RuleSet) {
    this.#rules = rules;
  }

  /** `reads` says that the file reads names somewhere. */
  reset(bytes: Buffer, start: number, end: number, reads: boolean): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#reads = reads;
    this.#runs.reset(bytes, end);
  }

  /** Judges one word at an offset; offsets rise. */
  judge(at: number, length: number): 'value' | 'use' | undefined {
    if (this.#goesOn(at, length)) return undefined;
    const right = this.#nameEnd(at + length);
    const hasValue = this.#runs.has(right, Math.min(this.#end, right + REACH));
    if (!hasValue && !this.#reads && !this.#isMarked(right)) return undefined;
    const left = this.#nameStart(at);
    const rule = this.#ruleOf(left, at, right);
    if (rule === undefined) return undefined;
    if (hasValue && this.#valueFits(right, rule)) return 'value';
    return this.#isRead(left, right) ? 'use' : undefined;
  }

  /** `path` and `keyboard` hold short words, but do not end with them. */
  #goesOn(at: number, length: number): boolean {
    const next = this.#bytes[at + length] ?? 0;
    return length === 3 && next >= 97 && next <= 122 && next !== 115;
  }

  /** An expansion stands near: `$`. */
  #isMarked(right: number): boolean {
    const near = this.#bytes.indexOf(36, Math.max(this.#start, right - MOST_NAME));
    return near !== -1 && near < right + MOST_NAME;
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

  /** The rule of a whole name, or of its last part where it is dotted. */
  #ruleOf(left: number, at: number, right: number): CompiledRule | undefined {
    const whole = this.#bytes.toString('latin1', left, right);
    const dot = whole.lastIndexOf('.', at - left);
    const end = whole.indexOf('.', at - left);
    const part = whole.slice(dot + 1, end === -1 ? undefined : end);
    return this.#rules.ofName(part) ?? this.#rules.ofName(whole);
  }

  #valueFits(right: number, rule: CompiledRule): boolean {
    const text = this.#bytes.toString('utf8', right, Math.min(this.#end, right + REACH + MOST_VALUE));
    for (const { 0: run, index } of text.matchAll(/[^\s"'`<>;,]{8,600}/g)) {
      if (index > REACH) return false;
      if (mayBe(run, rule) || mayBe(run.replace(/^[^\w]+|[\\)\]}]+$/g, ''), rule)) return true;
    }
    return false;
  }

  #isRead(left: number, right: number): boolean {
    const before = this.#bytes.toString('latin1', Math.max(this.#start, left - BEFORE), left);
    if (readsBefore.test(before)) return true;
    if (readsAfter.test(this.#bytes.toString('latin1', right, Math.min(this.#end, right + BEFORE))))
      return true;
    return this.#reads && /^[A-Z0-9_]{4,}$/.test(this.#bytes.toString('latin1', left, right));
  }
}

function mayBe(value: string, { rule, value: pattern }: CompiledRule): boolean {
  const looks = classify(value);
  if (looks === 'random') return true;
  if (looks !== 'plain') return false;
  if (pattern !== undefined) return pattern.test(value);
  return rule.value?.looks === 'password' && isPasswordLike(value);
}
