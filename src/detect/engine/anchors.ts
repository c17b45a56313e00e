import type { Anchors } from '../../model/rule.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';

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
  readonly compiled: CompiledRule;
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
  /** Texts of which the file must hold one; none is no condition. */
  readonly needs: readonly string[];
}

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
export function toAnchors(rules: RuleSet): readonly Anchor[] {
  const patterns = new Map<string, PatternAnchor[]>();
  const words = new Set<string>(names);
  for (const compiled of rules.compiled) {
    const anchors: Anchors = compiled.rule.anchors ?? {
      words: [],
      rareWords: [],
      pattern: { texts: compiled.rule.keywords, around: null, length: 0, run: 0 },
    };
    const anchor = toPatternAnchor(compiled, anchors);
    for (const text of anchors.pattern?.texts ?? []) {
      const known = patterns.get(text);
      if (known === undefined) patterns.set(text, [anchor]);
      else known.push(anchor);
    }
    for (const word of anchors.words) words.add(word);
  }
  const needed = [...patterns.values()].flat().flatMap(({ needs }) => needs);
  return [...new Set([...patterns.keys(), ...words, ...codeReaders, ...references, ...needed])].map(
    (text) => ({
      text,
      length: text.length,
      isIdle: !patterns.has(text) && !words.has(text) && text !== KEY_REFERENCE,
      isRepeat: new Set(text).size === 1,
      patterns: patterns.get(text) ?? [],
      inNames: words.has(text),
      reads: codeReaders.includes(text) ? 'code' : references.includes(text) ? 'configuration' : undefined,
      refers: text === KEY_REFERENCE,
    }),
  );
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

function toPatternAnchor(compiled: CompiledRule, { pattern }: Anchors): PatternAnchor {
  const { before, around = null, length = 0, guarded = false, run = 0 } = pattern ?? {};
  const base = { compiled, run, lines: Infinity, needs: guarded ? compiled.rule.keywords : [] };
  if (before !== undefined) return { ...base, back: before[1], ahead: length, inside: true };
  const reach = around === null ? Infinity : around + length;
  const lines = around === null ? Infinity : (compiled.rule.near?.lines ?? Infinity);
  return { ...base, lines, back: reach, ahead: reach, inside: false };
}
