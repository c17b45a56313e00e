import type { RuleSet } from '../rule-set.ts';
import { toAnchors, type Anchor, type PatternAnchor } from './anchors.ts';
import { toGramTables, withLetters, type GramTables } from './grams.ts';

/** What an engine is made of; for one list of rules always the same. */
export interface EngineTables {
  readonly anchors: readonly Anchor[];
  readonly grams: GramTables;
}

/** The tables as the build writes them down: JSON, of which little must be taken apart. */
export interface PackedTables {
  readonly patterns: readonly PatternAnchor[];
  /** Of each anchor its text, its marks as bits, and numbers of its patterns. */
  readonly anchors: readonly (readonly [text: string, marks: number, patterns: readonly number[]])[];
  /** Base64 of numbers, the lowest byte first. */
  readonly first: string;
  readonly links: string;
}

const IDLE = 1;
const REPEAT = 2;
const IN_NAMES = 4;
const REFERS = 8;
const READS_CODE = 16;
const READS_CONFIGURATION = 32;

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
      marksOf(anchor),
      anchor.patterns.map((pattern) => numbers.get(pattern) ?? -1),
    ]),
    first: toBase64(grams.first),
    links: toBase64(grams.links),
  };
}

/** Takes what was written down, for the same list of rules. */
export function unpackTables(packed: PackedTables): EngineTables {
  const anchors = packed.anchors.map(([text, marks, own]): Anchor => ({
    text,
    length: text.length,
    isIdle: (marks & IDLE) !== 0,
    isRepeat: (marks & REPEAT) !== 0,
    patterns: own.flatMap((number) => packed.patterns[number] ?? []),
    inNames: (marks & IN_NAMES) !== 0,
    reads: readsOf(marks),
    refers: (marks & REFERS) !== 0,
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

function marksOf({ isIdle, isRepeat, inNames, refers, reads }: Anchor): number {
  const how = reads === 'code' ? READS_CODE : reads === 'configuration' ? READS_CONFIGURATION : 0;
  return (
    (isIdle ? IDLE : 0) | (isRepeat ? REPEAT : 0) | (inNames ? IN_NAMES : 0) | (refers ? REFERS : 0) | how
  );
}

function readsOf(marks: number): Anchor['reads'] {
  if ((marks & READS_CODE) !== 0) return 'code';
  return (marks & READS_CONFIGURATION) === 0 ? undefined : 'configuration';
}

function toBase64({ buffer }: Uint16Array | Int32Array): string {
  return Buffer.from(buffer).toString('base64');
}

function toBytes(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer;
}
