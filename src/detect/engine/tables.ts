import type { RuleSet } from '../rule-set.ts';
import { nothing, toAnchors, type Anchor, type PatternAnchor } from './anchors.ts';
import { toGramTables, withLetters, type GramTables } from './grams.ts';

/** What an engine is made of; for one list of rules always the same. */
export interface EngineTables {
  readonly anchors: readonly Anchor[];
  readonly grams: GramTables;
}

/** The tables as the build writes them down: JSON, of which little must be taken apart. */
export interface PackedTables {
  readonly patterns: readonly PatternAnchor[];
  /** Of each anchor what it has beside its text, and numbers of its patterns. */
  readonly anchors: readonly (readonly [text: string, more: Partial<Anchor>, patterns: readonly number[]])[];
  /** Base64 of numbers, the lowest byte first. */
  readonly first: string;
  readonly links: string;
}

const givenApart: ReadonlySet<string> = new Set(['text', 'length', 'patterns']);

/** Makes the tables of a rule set: some milliseconds, which only a hook would miss. */
export function toEngineTables(rules: RuleSet): EngineTables {
  const anchors = toAnchors(rules);
  return { anchors, grams: toGramTables(anchors.map(({ text }) => text)) };
}

/** Writes tables down. */
export function packTables({ anchors, grams }: EngineTables): PackedTables {
  const patterns = [...new Set(anchors.flatMap((anchor) => anchor.patterns))];
  const numbers = new Map(patterns.map((pattern, number) => [pattern, number]));
  return {
    patterns,
    anchors: anchors.map((anchor) => [
      anchor.text,
      Object.fromEntries(
        Object.entries(anchor).filter(([name, value]) => value !== false && !givenApart.has(name)),
      ),
      anchor.patterns.map((pattern) => numbers.get(pattern) ?? -1),
    ]),
    first: toBase64(grams.first),
    links: toBase64(grams.links),
  };
}

/** Takes what was written down, for the same list of rules. */
export function unpackTables(packed: PackedTables): EngineTables {
  const anchors = packed.anchors.map(([text, more, own]) => ({
    ...nothing,
    isIdle: false,
    ...more,
    text,
    length: text.length,
    patterns: own.flatMap((number) => packed.patterns[number] ?? []),
  }));
  const first = new Uint16Array(toBytes(packed.first));
  const links = new Int32Array(toBytes(packed.links));
  return {
    anchors,
    grams: withLetters(
      { first, links },
      anchors.map(({ text }) => text),
    ),
  };
}

function toBase64({ buffer }: Uint16Array | Int32Array): string {
  return Buffer.from(buffer).toString('base64');
}

function toBytes(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer;
}
