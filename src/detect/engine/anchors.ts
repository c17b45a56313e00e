import type { Anchors, Rule } from '../../model/rule.ts';
import type { RuleSet } from '../rule-set.ts';

/** What a text in a file is the anchor of. */
export interface Anchor {
  readonly text: string;
  readonly length: number;
  /** It only tells that the file holds it. */
  readonly isIdle: boolean;
  /** One letter over and over: in a run of that letter it stands at every offset, and a token begins at the first. */
  readonly isRepeat: boolean;
  /** Rules whose pattern may match around it. */
  readonly patterns: readonly PatternAnchor[];
  /** It stands in names that some rule knows. */
  readonly inNames: boolean;
  /** It is how code, or configuration, reads by name. */
  readonly reads: 'code' | 'configuration' | undefined;
  /** It names a store and a key in it, a line each. */
  readonly refers: boolean;
}

export interface PatternAnchor {
  /** Number of the rule among those that are compiled. */
  readonly rule: number;
  /** Most bytes from the start of a match to the text. */
  readonly back: number;
  /** Most bytes from the text to the end of a match. */
  readonly ahead: number;
  /** Lines around within which the rest stands. */
  readonly lines: number;
  /** Letters and digits in a row that each match holds. */
  readonly run: number;
  /** The text is part of the match. */
  readonly inside: boolean;
  /** Numbers of texts of which the file must hold one; none is no condition. */
  readonly needs: readonly number[];
}

/** Farther than any file is long. */
export const FAR = 0x7fffffff;

/** How code reads its environment. */
const codeReaders = [
  'process.env',
  'import.meta.env',
  'environ',
  'getenv',
  'get_env',
  'lookupenv',
  'viper',
  'deno.env',
  'bun.env',
];

/** A key of a store, on a line after the store's name. */
const KEY_REFERENCE = 'keyref';

/** How configuration refers to a secret kept elsewhere. */
const references = ['secrets', KEY_REFERENCE, 'secretref', 'type=secret'];

/** Words in names of secrets that no issuer has: what `candidates/anchors.ts` looks for in text. */
const names =
  'token secret pass pwd credential key auth bearer ssws pat jwt dsn salt cred cookie senha'.split(' ');

/** Lists every anchor of a rule set once. */
export function toAnchors({ compiled }: RuleSet): readonly Anchor[] {
  const all = compiled.map(({ rule }) => anchorsOf(rule));
  const withPattern = new Set(all.flatMap(({ pattern }) => pattern?.texts ?? []));
  const words = new Set([...names, ...all.flatMap((anchors) => anchors.words)]);
  const needed = compiled.flatMap(({ rule }, at) => neededBy(rule, all[at]));
  const texts = [...new Set([...withPattern, ...words, ...codeReaders, ...references, ...needed])];
  const numbers = new Map(texts.map((text, number) => [text, number]));
  const patterns = new Map<string, PatternAnchor[]>(texts.map((text) => [text, []]));
  for (const [at, { rule }] of compiled.entries()) {
    const needs = neededBy(rule, all[at]).map((text) => numbers.get(text) ?? -1);
    const anchor = toPatternAnchor({ rule: at, needs }, rule, all[at]?.pattern);
    for (const text of all[at]?.pattern?.texts ?? []) patterns.get(text)?.push(anchor);
  }
  return texts.map((text) => ({
    text,
    length: text.length,
    isIdle: !withPattern.has(text) && !words.has(text) && text !== KEY_REFERENCE,
    isRepeat: new Set(text).size === 1,
    patterns: patterns.get(text) ?? [],
    inNames: words.has(text),
    reads: codeReaders.includes(text) ? 'code' : references.includes(text) ? 'configuration' : undefined,
    refers: text === KEY_REFERENCE,
  }));
}

function anchorsOf({ anchors, keywords }: Rule): Anchors {
  return (
    anchors ?? { words: [], rareWords: [], pattern: { texts: keywords, around: null, length: 0, run: 0 } }
  );
}

function neededBy({ keywords }: Rule, anchors: Anchors | undefined): readonly string[] {
  return anchors?.pattern?.guarded === true && anchors.pattern.texts.length > 0 ? keywords : [];
}

/** Stands for an anchor that is none. */
export const nothing: Anchor = {
  text: '',
  length: 0,
  isIdle: true,
  isRepeat: false,
  patterns: [],
  inNames: false,
  reads: undefined,
  refers: false,
};

function toPatternAnchor(
  known: Pick<PatternAnchor, 'rule' | 'needs'>,
  { near }: Rule,
  pattern: Anchors['pattern'],
): PatternAnchor {
  const { before, around = null, length = 0, run = 0 } = pattern ?? {};
  const base = { ...known, run, lines: FAR };
  if (before !== undefined) return { ...base, back: before[1], ahead: length, inside: true };
  const reach = around === null ? FAR : around + length;
  const lines = around === null ? FAR : (near?.lines ?? FAR);
  return { ...base, lines, back: reach, ahead: reach, inside: false };
}
