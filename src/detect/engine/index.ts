import type { RuleSet } from '../rule-set.ts';
import { toAnchors, type Anchor } from './anchors.ts';
import { toFinder, toGramTables, type Hits } from './grams.ts';
import { NameJudge } from './names.ts';
import { PatternJudge } from './patterns.ts';

/** A place of a file in which a rule may find something; offsets are bytes from the start of the array. */
export interface Candidate {
  readonly at: number;
  readonly kind: 'pattern' | 'value' | 'use';
}

/** Looks at bytes before anything is decoded. Keeps buffers between calls: each thread needs its own. */
export interface Engine {
  /**
   * Gives the places within bytes `start` to `end` in which a rule may find something: nothing is found elsewhere.
   * Reads no byte outside.
   */
  readonly scan: (bytes: Buffer, start: number, end: number) => readonly Candidate[];
}

/** Makes an engine for rules whose anchors are known. */
export function createEngine(rules: RuleSet): Engine {
  const anchors = toAnchors(rules);
  const finder = toFinder(toGramTables(anchors.map(({ text }) => text)));
  const patterns = new PatternJudge();
  const names = new NameJudge(rules);
  return {
    scan: (bytes, start, end) => {
      const hits = finder.find(bytes, start, end);
      if (hits.count === 0) return [];
      patterns.reset(bytes, start, end);
      names.reset(bytes, start, end, hasReader(hits, anchors));
      const found: Candidate[] = [];
      for (let n = 0; n < hits.count; n += 1) {
        const anchor = anchors[hits.texts[n] ?? -1];
        const at = hits.offsets[n] ?? 0;
        if (anchor?.patterns.some((pattern) => patterns.matches(pattern, at)) === true)
          found.push({ at, kind: 'pattern' });
        const kind = anchor?.inNames === true ? names.judge(at, anchor.text.length) : undefined;
        if (kind !== undefined) found.push({ at, kind });
      }
      return found;
    },
  };
}

function hasReader({ count, texts }: Hits, anchors: readonly Anchor[]): boolean {
  return texts.subarray(0, count).some((text) => anchors[text]?.reads === true);
}
