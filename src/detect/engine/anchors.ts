import type { CompiledRule, RuleSet } from '../rule-set.ts';

/** What a text in a file is the anchor of. */
export interface Anchor {
  readonly text: string;
  /** Rules whose pattern may match around it. */
  readonly patterns: readonly PatternAnchor[];
  /** It stands in names that some rule knows. */
  readonly inNames: boolean;
  /** It is how code and configuration read by name. */
  readonly reads: boolean;
}

export interface PatternAnchor {
  readonly compiled: CompiledRule;
  /** Most bytes from the start of a match to the text. */
  readonly back: number;
  /** Most bytes from the text to the end of a match. */
  readonly ahead: number;
  /** The text is part of the match. */
  readonly inside: boolean;
}

/** How code reads its environment, and how configuration refers to a secret kept elsewhere. */
const readers = [
  'process.env',
  'import.meta.env',
  'environ',
  'getenv',
  'get_env',
  'lookupenv',
  'viper',
  'deno.env',
  'bun.env',
  'secrets',
  'keyref',
  'secretref',
  'type=secret',
];

/** Lists every anchor of a rule set once. */
export function toAnchors(rules: RuleSet): readonly Anchor[] {
  const patterns = new Map<string, PatternAnchor[]>();
  const words = new Set<string>();
  for (const compiled of rules.compiled) {
    const { anchors } = compiled.rule;
    for (const text of anchors?.pattern?.texts ?? []) {
      patterns.set(text, [...(patterns.get(text) ?? []), toPatternAnchor(compiled)]);
    }
    for (const word of anchors?.words ?? []) words.add(word);
  }
  return [...new Set([...patterns.keys(), ...words, ...readers])].map((text) => ({
    text,
    patterns: patterns.get(text) ?? [],
    inNames: words.has(text),
    reads: readers.includes(text),
  }));
}

function toPatternAnchor(compiled: CompiledRule): PatternAnchor {
  const { before, around = null, length = 0 } = compiled.rule.anchors?.pattern ?? {};
  if (before !== undefined) return { compiled, back: before[1], ahead: length, inside: true };
  const reach = around === null ? Infinity : around + length;
  return { compiled, back: reach, ahead: reach, inside: false };
}
