import type { RuleSet } from '../rule-set.ts';
import type { PatternAnchor } from './anchors.ts';
import type { LongRuns } from './runs.ts';

/** Bytes before a window that a look behind may see. */
const CONTEXT = 64;
/** Starts of a match that are tried one by one. */
const FEW = 4;
/** Bytes after an anchor that most patterns are content with. */
const USUAL = 320;

interface Window {
  readonly at: number;
  readonly to: number;
  readonly text: string;
  /** Where the anchor begins in the text. */
  readonly offset: number;
}

const nowhere: Window = { at: -1, to: -1, text: '', offset: 0 };

/** Tries patterns in the windows around their anchors. */
export class PatternJudge {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #window = nowhere;
  readonly #runs: LongRuns;
  readonly #compiled: RuleSet['compiled'];
  /** By rule: where the text ends in which it was tried. */
  readonly #tried = new Map<number, number>();
  readonly #patterns = new Map<number, RegExp>();

  constructor({ compiled }: RuleSet, runs: LongRuns) {
    this.#compiled = compiled;
    this.#runs = runs;
  }

  reset(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#tried.clear();
    this.#window = nowhere;
  }

  /** Says whether a pattern matches around an anchor; once for each stretch of text. */
  matches(anchor: PatternAnchor, at: number): boolean {
    const { rule, back, ahead, inside, run } = anchor;
    if (!this.#runs.covers(at - back, at + ahead, run)) return false;
    if (inside && back <= FEW) return this.#matchesAt(anchor, at);
    if (at < (this.#tried.get(rule) ?? 0)) return false;
    const from = this.#lineBefore(at, anchor);
    const to = this.#lineAfter(at, anchor);
    if (!inside) this.#tried.set(rule, to);
    if (!inside && !this.#runs.covers(from, to, run)) return false;
    const pattern = this.#patternOf(rule, false);
    pattern.lastIndex = 0;
    return pattern.test(this.#bytes.toString('utf8', from, Math.min(this.#end, to + CONTEXT)));
  }

  /** A second part stands within some lines; what else is around an anchor is counted in bytes. */
  #lineBefore(at: number, { back, lines }: PatternAnchor): number {
    const least = Math.max(this.#start, at - back - CONTEXT);
    let from = at;
    for (let left = lines; left >= 0 && from > least; left -= 1) {
      const before = this.#bytes.subarray(least, from).lastIndexOf(10);
      from = before === -1 ? least : least + before;
    }
    return Math.max(least, from);
  }

  #lineAfter(at: number, { ahead, lines }: PatternAnchor): number {
    const most = Math.min(this.#end, at + ahead);
    let to = at;
    for (let left = lines; left >= 0 && to < most; left -= 1) {
      const next = this.#bytes.subarray(to + 1, most).indexOf(10);
      to = next === -1 ? most : to + 1 + next;
    }
    return Math.min(most, to);
  }

  #matchesAt({ rule, back, ahead }: PatternAnchor, at: number): boolean {
    const { text, offset } = this.#windowAt(at, ahead + CONTEXT);
    const pattern = this.#patternOf(rule, true);
    for (let start = Math.max(0, offset - back); start <= offset; start += 1) {
      pattern.lastIndex = start;
      if (pattern.test(text)) return true;
    }
    return false;
  }

  /** Many rules may have the same anchor: the text around it is decoded once. */
  #windowAt(at: number, ahead: number): Window {
    const known = this.#window;
    if (known.at === at && known.to - at >= ahead) return known;
    const to = at + Math.max(ahead, USUAL);
    const before = this.#bytes.toString('utf8', Math.max(this.#start, at - CONTEXT), at);
    const text = before + this.#bytes.toString('utf8', at, Math.min(this.#end, to));
    this.#window = { at, to, text, offset: before.length };
    return this.#window;
  }

  /** One that begins at its anchor is tried there alone: searching from it would look at all that follows. */
  #patternOf(rule: number, sticky: boolean): RegExp {
    const known = this.#patterns.get(rule);
    if (known !== undefined) return known;
    const compiled = this.#compiled[rule];
    const flags = `m${sticky ? 'y' : 'g'}${compiled?.rule.anyCase === true ? 'i' : ''}`;
    const made = new RegExp(compiled?.pattern?.source ?? '$^', flags);
    this.#patterns.set(rule, made);
    return made;
  }
}
