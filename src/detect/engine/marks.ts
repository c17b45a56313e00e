import type { RuleSet } from '../rule-set.ts';
import { toAnchors, type Anchor, type PatternAnchor } from './anchors.ts';
import { toGramTables, type GramTables } from './grams.ts';

/** What a text in a line says of values near: what a compiled look at lines goes by. */
export const marks = {
  /** It may be part of the name of a value. */
  name: 8,
  /** A token begins so, or stands right beside it. */
  begin: 16,
  /** A token some lines away may belong to it. */
  second: 32,
  /** It counts whatever stands beside it. */
  alone: 64,
  /** It counts beside anything that words do not hold. */
  near: 128,
  /** A name may come after its value. */
  paired: 256,
} as const;

/** Texts that count in lines. */
export interface TextMarks {
  readonly tables: GramTables;
  /** By text: its marks. */
  readonly classes: Uint16Array;
}

/** Shorter runs are not what tokens are made of. */
const TOKEN = 14;
/** What the field of a value is called. */
const VALUE = 'value';
/** What is a key by its head or words by their name has no run that tells. */
const WORDS = { least: 5, most: 7 } as const;

/** Sorts the anchors of rules by what must stand near for a match. */
export function toTextMarks(rules: RuleSet): TextMarks {
  const anchors = toAnchors(rules);
  const needed = new Set(anchors.flatMap(({ patterns }) => patterns.flatMap(({ needs }) => needs)));
  const all = new Map(anchors.map((anchor, at) => [anchor.text, marksOf(anchor, needed.has(at))]));
  all.set(VALUE, (all.get(VALUE) ?? 0) | marks.paired);
  const marked = [...all].filter(([, of]) => of > 0);
  return {
    tables: toGramTables(marked.map(([text]) => text)),
    classes: Uint16Array.from(marked, ([, of]) => of),
  };
}

function marksOf({ inNames, patterns }: Anchor, isNeeded: boolean): number {
  const own = (inNames ? marks.name : 0) | (isNeeded ? marks.second : 0);
  return patterns.reduce((all, pattern) => all | marksOfPattern(pattern, inNames), own);
}

function marksOfPattern({ run, inside, needs }: PatternAnchor, inNames: boolean): number {
  if (run >= TOKEN) return needs.length > 0 ? 0 : inside ? marks.begin : marks.second;
  const isWords = run >= WORDS.least && run <= WORDS.most && !inNames;
  return isWords ? marks.alone : marks.near;
}
