import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { toAnchors, type Anchor, type PatternAnchor } from './anchors.ts';
import { toFinder, toGramTables, type Hits } from './grams.ts';
import { NameJudge } from './names.ts';
import { PatternJudge } from './patterns.ts';

/** A place of a file in which a rule may find something; offsets are bytes from the start of the array. */
export interface Candidate {
  readonly at: number;
  readonly kind: 'pattern' | 'value' | 'use';
  /** The rule whose pattern matches there. */
  readonly rule?: CompiledRule;
}

/** Looks at bytes before anything is decoded. Keeps buffers between calls: each thread needs its own. */
export interface Engine {
  /**
   * Gives the places within bytes `start` to `end` in which a rule may find something: nothing is found elsewhere.
   * Reads no byte outside. In code (`isCode`) values are quoted and names are read by calls.
   */
  readonly scan: (bytes: Buffer, start: number, end: number, isCode?: boolean) => readonly Candidate[];
}

/** Makes an engine for rules. */
export function createEngine(rules: RuleSet): Engine {
  const anchors = toAnchors(rules);
  const finder = toFinder(toGramTables(anchors.map(({ text }) => text)));
  const numbers = new Map(anchors.map(({ text }, at) => [text, at]));
  const needs = new Map(
    anchors.flatMap(({ patterns }) =>
      patterns.map((pattern) => [pattern, pattern.needs.map((text) => numbers.get(text) ?? -1)] as const),
    ),
  );
  const readers = anchors.map((anchor, at) => [anchor, at] as const).filter(([{ reads }]) => reads !== undefined);
  const present = new Uint8Array(anchors.length);
  /** By anchor: its patterns that can match in the bytes at hand; undefined where not asked yet. */
  let possible: (readonly PatternAnchor[] | undefined)[] = [];
  const patternsOf = (text: number): readonly PatternAnchor[] =>
    (possible[text] ??= (anchors[text]?.patterns ?? []).filter((pattern) => {
      const texts = needs.get(pattern) ?? [];
      return texts.length === 0 || texts.some((needed) => present[needed] === 1);
    }));
  const patterns = new PatternJudge();
  const names = new NameJudge(rules);
  const lookAt = (text: number, at: number): readonly Candidate[] => {
    const anchor = anchors[text];
    const found = patternsOf(text)
      .filter((pattern) => patterns.matches(pattern, at))
      .map(({ compiled }): Candidate => ({ at, kind: 'pattern', rule: compiled }));
    const kind =
      (anchor?.inNames === true ? names.judge(at, anchor.text.length) : undefined) ??
      (anchor?.refers === true ? names.judgeReference(at) : undefined);
    return kind === undefined ? found : [...found, { at, kind }];
  };
  return {
    scan: (bytes, start, end, isCode = false) => {
      const hits = finder.find(bytes, start, end);
      if (hits.count === 0) return [];
      notePresent(hits, present);
      possible = [];
      const reads = readers.some(([anchor, at]) => present[at] === 1 && isReader(anchor, isCode));
      patterns.reset(bytes, start, end);
      names.reset({ bytes, start, end, reads, isCode });
      const found: Candidate[] = [];
      for (let n = 0; n < hits.count; n += 1) {
        const [text, at] = [hits.texts[n] ?? 0, hits.offsets[n] ?? 0];
        if (!isInRun(anchors[text]?.text ?? '', bytes, at, start)) found.push(...lookAt(text, at));
      }
      return found;
    },
  };
}

function isReader({ reads }: Anchor, isCode: boolean): boolean {
  return reads === 'code' || (!isCode && reads !== undefined);
}

/** In a run of one letter a text of that letter alone stands at every offset: a token begins at the first. */
function isInRun(text: string, bytes: Buffer, at: number, start: number): boolean {
  if (at === start || text.charCodeAt(0) !== text.charCodeAt(1)) return false;
  const before = bytes[at - 1] ?? 0;
  return before === bytes[at] && text === text.charAt(0).repeat(text.length);
}

function notePresent({ count, texts }: Hits, present: Uint8Array): void {
  present.fill(0);
  for (let n = 0; n < count; n += 1) present[texts[n] ?? 0] = 1;
}
