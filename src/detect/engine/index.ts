import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { toAnchors, type PatternAnchor } from './anchors.ts';
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
   * Reads no byte outside.
   */
  readonly scan: (bytes: Buffer, start: number, end: number) => readonly Candidate[];
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
  return {
    scan: (bytes, start, end) => {
      const hits = finder.find(bytes, start, end);
      if (hits.count === 0) return [];
      notePresent(hits, present);
      possible = [];
      patterns.reset(bytes, start, end);
      names.reset(
        bytes,
        start,
        end,
        anchors.some(({ reads }, at) => reads && present[at] === 1),
      );
      const found: Candidate[] = [];
      for (let n = 0; n < hits.count; n += 1) {
        const text = hits.texts[n] ?? 0;
        const anchor = anchors[text];
        const at = hits.offsets[n] ?? 0;
        if (anchor === undefined) continue;
        for (const pattern of patternsOf(text)) {
          if (patterns.matches(pattern, at)) found.push({ at, kind: 'pattern', rule: pattern.compiled });
        }
        const kind =
          (anchor.inNames ? names.judge(at, anchor.text.length) : undefined) ??
          (anchor.refers ? names.judgeReference(at) : undefined);
        if (kind !== undefined) found.push({ at, kind });
      }
      return found;
    },
  };
}

function notePresent({ count, texts }: Hits, present: Uint8Array): void {
  present.fill(0);
  for (let n = 0; n < count; n += 1) present[texts[n] ?? 0] = 1;
}
