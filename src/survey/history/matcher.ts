import {
  createEngine,
  decodeLayers,
  foreignMatches,
  matchFile,
  mayHoldLayers,
  toRuleSet,
  type ByteRange,
  type Engine,
  type Match,
  type RuleSet,
} from '../../detect/index.ts';
import { startWasm } from '../../lib/wasm.ts';
import type { Rule } from '../../model/rule.ts';
import type { Values } from './values.ts';

/** An object's bytes, and where it lies in them. */
export interface Held {
  readonly bytes: Buffer;
  readonly at: number;
  readonly length: number;
}

/** Bytes before and after an anchor that a match may take, second parts near by included. */
const BEFORE = 600;
const AFTER = 2000;
/** Bytes beside a stretch that count for what is in it. */
const BESIDE = 160;
/** Bytes from an anchor to the end of a private key. */
const LONGEST = 17_000;
const keyHead = /private.?key|PuTTY-User-Key/i;
/** Bytes before and after a name that it and its value may take. */
const NAME_BEFORE = 120;
const NAME_AFTER = 400;
/** Characters of the stretches of text that are remembered: versions of a file repeat each other. */
const MOST_KNOWN = 4_000_000;
/** Bytes after a name within which a value of its own key stands. */
const PAIR = 160;

/** `"name": "X_TOKEN", "value": "…"` and the like: only the structure of the file joins them. */
const pair = /["'>\s,](?:value|default|content|text|string|data)["']?\s{0,3}[:=>]/i;

/** Finds values in a stretch of text, by their numbers. */
export interface Matcher {
  readonly engine: Engine;
  /** All of them. */
  readonly formatted: (text: string) => readonly number[];
  /** Those under names; where the name's own line has none, a pair of name and value counts as one. */
  readonly named: (text: string, at: number) => readonly number[];
  /** Those by rules of other scanners, which have no anchors that the engine knows; undefined where there are none. */
  readonly foreign: ((text: string) => readonly number[]) | undefined;
}

/** Makes a matcher of rules, those of other scanners included. */
export function createMatcher(rules: RuleSet, values: Values): Matcher {
  const names = toRuleSet(rules.compiled.map(({ rule }) => withoutPattern(rule)));
  const own = { ...rules, foreign: [] };
  const withAll = remember((text) => literalsIn(text, own, values));
  const withNames = remember((text) => literalsIn(text, names, values));
  return {
    engine: createEngine(rules, startWasm),
    formatted: withAll,
    named: (text, at) => {
      const found = withNames(text);
      const near = text.slice(at, at + PAIR);
      return found.length > 0 || !pair.test(near) ? found : [values.number(near)];
    },
    foreign:
      rules.foreign.length === 0
        ? undefined
        : remember((text) => numbered(foreignMatches(text, '', rules.foreign), text, values)),
  };
}

function withoutPattern(rule: Rule): Rule {
  const { pattern, ...rest } = rule;
  return pattern === undefined ? rule : rest;
}

/** As they are written: an encoded value is not in the bytes. */
function literalsIn(text: string, rules: RuleSet, values: Values): readonly number[] {
  const literals = matchFile(text, null, rules).filter(({ kind }) => kind === 'literal');
  return numbered(literals, text, values);
}

function numbered(matches: readonly Match[], text: string, values: Values): readonly number[] {
  return matches.map(({ span }) => values.number(text.slice(span.start, span.end)));
}

function remember(find: (text: string) => readonly number[]): (text: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  let held = 0;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = find(text);
    if (held > MOST_KNOWN) {
      known.clear();
      held = 0;
    }
    known.set(text, found);
    held += text.length;
    return found;
  };
}

/**
 * Says whether there was anything to be looked at closely. One byte is one character here, whatever the encoding: what
 * rules look for is ASCII.
 */
export function lookAtStretch(
  matcher: Matcher,
  { bytes, at, length }: Held,
  found: Set<number>,
  stretch: ByteRange,
): boolean {
  const fresh = bytes.subarray(stretch.start, stretch.end);
  const text = fresh.toString('latin1');
  let any = mayHoldLayers(fresh, 0, fresh.length) && lookAtLayers(matcher, text, found);
  const bounds = {
    start: Math.max(at, stretch.start - BESIDE),
    end: Math.min(at + length, stretch.end + (keyHead.test(text) ? LONGEST : BESIDE)),
  };
  for (const candidate of matcher.engine.scanStretch(bytes, stretch, bounds)) {
    if (candidate.kind === 'use') continue;
    any = true;
    const named = candidate.kind === 'value';
    const from = Math.max(at, candidate.at - (named ? NAME_BEFORE : BEFORE));
    const to = Math.min(at + length, candidate.at + (named ? NAME_AFTER : AFTER));
    const around = bytes.toString('latin1', from, to);
    const values = named ? matcher.named(around, candidate.at - from) : matcher.formatted(around);
    for (const value of values) found.add(value);
  }
  for (const value of matcher.foreign?.(text) ?? []) found.add(value);
  return any;
}

/** Encoded text is common, such as that of certificates; what it says is looked at before it is matched. */
function lookAtLayers({ engine, formatted }: Matcher, text: string, found: Set<number>): boolean {
  const holds = decodeLayers(text).some((layer) => {
    const bytes = Buffer.from(layer.text);
    return engine.scan(bytes, 0, bytes.length).some(({ kind }) => kind !== 'use');
  });
  if (holds) for (const value of formatted(text)) found.add(value);
  return holds;
}
