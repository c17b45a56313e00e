import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { nothing, type Anchor, type PatternAnchor } from './anchors.ts';
import type { Hits } from './grams.ts';
import { startFinder, type StartKernel } from './kernel.ts';
import { NameJudge } from './names.ts';
import { PatternJudge } from './patterns.ts';
import { LongRuns } from './runs.ts';
import { toEngineTables } from './tables.ts';

/** A place of a file in which a rule may find something; offsets are bytes from the start of the array. */
export interface Candidate {
  readonly at: number;
  readonly kind: 'pattern' | 'value' | 'use';
  /** The rule whose pattern matches there. */
  readonly rule?: CompiledRule | undefined;
}

/** Looks at bytes before anything is decoded. Keeps buffers between calls: each thread needs its own. */
export interface Engine {
  /**
   * Gives the places within bytes `start` to `end` in which a rule may find something: nothing is found elsewhere.
   * Reads no byte outside. In code (`isCode`) values are quoted and names are read by calls.
   */
  readonly scan: (bytes: Buffer, start: number, end: number, isCode?: boolean) => readonly Candidate[];
  /** The same for values in a stretch of a text that lies within `bounds`: what stands around counts, but is not looked at. */
  readonly scanStretch: (bytes: Buffer, stretch: ByteRange, bounds: ByteRange) => readonly Candidate[];
}

/** Half-open, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Makes an engine for rules, compiled where `start` can give a kernel; it finds the same without. */
export function createEngine(rules: RuleSet, start?: StartKernel, tables = toEngineTables(rules)): Engine {
  const { anchors, grams } = tables;
  const idle = [...anchors.keys()].filter((at) => anchors[at]?.isIdle === true);
  const finder = startFinder(grams, idle, start);
  const present = new Presence(anchors);
  const runs = new LongRuns();
  const patterns = new PatternJudge(rules, runs);
  const names = new NameJudge(rules);
  const lookAt = (text: number, at: number, found: Candidate[]): void => {
    const { possible, leastRun, back, ahead } = present.patternsOf(text);
    if (possible.length > 0 && runs.covers(at - back, at + ahead, leastRun)) {
      for (const pattern of possible)
        if (patterns.matches(pattern, at))
          found.push({ at, kind: 'pattern', rule: rules.compiled[pattern.rule] });
    }
    const { inNames, refers, length } = anchors[text] ?? nothing;
    const kind =
      (inNames ? names.judge(at, length) : undefined) ?? (refers ? names.judgeReference(at) : undefined);
    if (kind !== undefined) found.push({ at, kind });
  };
  const scan = (
    bytes: Buffer,
    { start, end }: ByteRange,
    bounds: ByteRange,
    mode: 'code' | 'text' | 'values',
  ): readonly Candidate[] => {
    const hits = finder.find(bytes, start, end);
    const found: Candidate[] = [];
    if (hits.count === 0) return found;
    present.reset(hits);
    runs.reset(bytes, bounds.start, bounds.end);
    patterns.reset(bytes, bounds.start, bounds.end);
    names.reset({
      bytes,
      ...bounds,
      reads: present.reads(mode === 'code'),
      isCode: mode === 'code',
      onlyValues: mode === 'values',
    });
    for (let n = 0; n < hits.count; n += 1) {
      const [text, at] = [hits.texts[n] ?? 0, hits.offsets[n] ?? 0];
      const anchor = anchors[text] ?? nothing;
      if (anchor.isIdle || (anchor.isRepeat && at > bounds.start && bytes[at - 1] === bytes[at])) continue;
      lookAt(text, at, found);
    }
    return found;
  };
  return {
    scan: (bytes, start, end, isCode = false) =>
      scan(bytes, { start, end }, { start, end }, isCode ? 'code' : 'text'),
    scanStretch: (bytes, stretch, bounds) => scan(bytes, stretch, bounds, 'values'),
  };
}

/** Patterns of one anchor that can match in the bytes at hand, and what each of their matches has within reach. */
interface Possible {
  readonly possible: readonly PatternAnchor[];
  readonly leastRun: number;
  readonly back: number;
  readonly ahead: number;
}

/** Which texts the bytes at hand hold, and what follows from that. */
class Presence {
  readonly #anchors: readonly Anchor[];
  readonly #readers: readonly number[];
  readonly #present: Uint8Array;
  /** By text, where nothing else need be there: known once and for all. */
  readonly #always: (Possible | undefined)[] = [];
  /** By text; undefined where not asked yet. */
  #possible: (Possible | undefined)[] = [];

  constructor(anchors: readonly Anchor[]) {
    this.#anchors = anchors;
    this.#present = new Uint8Array(anchors.length);
    this.#readers = [...anchors.keys()].filter((at) => anchors[at]?.reads !== undefined);
  }

  reset({ count, texts }: Hits): void {
    this.#present.fill(0);
    for (let n = 0; n < count; n += 1) this.#present[texts[n] ?? 0] = 1;
    this.#possible = [];
  }

  /** Says whether something in the bytes reads by name; in code only what code reads with counts. */
  reads(isCode: boolean): boolean {
    return this.#readers.some(
      (at) => this.#present[at] === 1 && (!isCode || this.#anchors[at]?.reads === 'code'),
    );
  }

  patternsOf(text: number): Possible {
    return this.#always[text] ?? this.#possible[text] ?? this.#choose(text);
  }

  #choose(text: number): Possible {
    const patterns = this.#anchors[text]?.patterns ?? [];
    const isFixed = patterns.every(({ needs }) => needs.length === 0);
    const possible = patterns.filter(
      ({ needs }) => needs.length === 0 || needs.some((needed) => this.#present[needed] === 1),
    );
    const chosen = {
      possible,
      leastRun: Math.min(...possible.map(({ run }) => run)),
      back: Math.max(...possible.map(({ back }) => back)),
      ahead: Math.max(...possible.map(({ ahead }) => ahead)),
    };
    (isFixed ? this.#always : this.#possible)[text] = chosen;
    return chosen;
  }
}
