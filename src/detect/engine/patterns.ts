import type { CompiledRule } from '../rule-set.ts';
import type { PatternAnchor } from './anchors.ts';

/** Bytes before a window that a look behind may see. */
const CONTEXT = 64;
/** Starts of a match that are tried one by one. */
const FEW = 4;

/** Tries patterns in the windows around their anchors. */
export class PatternJudge {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** By rule: where the text ends in which it was tried. */
  readonly #tried = new Map<CompiledRule, number>();
  readonly #patterns = new Map<CompiledRule, RegExp>();

  reset(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#tried.clear();
  }

  /** Says whether a pattern matches around an anchor; once for each stretch of text. */
  matches({ compiled, back, ahead, inside }: PatternAnchor, at: number): boolean {
    if (at < (this.#tried.get(compiled) ?? 0)) return false;
    const from = Math.max(this.#start, at - back - CONTEXT);
    const to = Math.min(this.#end, at + ahead + CONTEXT);
    const before = this.#bytes.toString('utf8', from, at);
    const text = before + this.#bytes.toString('utf8', at, to);
    if (!inside) this.#tried.set(compiled, to);
    const near = inside && back <= FEW;
    const pattern = this.#patternOf(compiled, near);
    for (let start = near ? Math.max(0, before.length - back) : 0; start <= before.length; start += 1) {
      pattern.lastIndex = start;
      if (pattern.test(text)) return true;
      if (!near) return false;
    }
    return false;
  }

  /** One that begins at its anchor is tried there alone: searching from it would look at all that follows. */
  #patternOf(compiled: CompiledRule, sticky: boolean): RegExp {
    const known = this.#patterns.get(compiled);
    if (known !== undefined) return known;
    const flags = `${sticky ? 'y' : 'g'}${compiled.rule.anyCase === true ? 'i' : ''}`;
    const made = new RegExp(compiled.pattern?.source ?? '$^', flags);
    this.#patterns.set(compiled, made);
    return made;
  }
}
