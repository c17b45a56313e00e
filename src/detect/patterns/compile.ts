import type { Anchors, Rule } from '../../model/rule.ts';
import { commonness } from './commonness.ts';
import { EVERYDAY, literalsOf } from './literals.ts';
import { parsePattern } from './parse.ts';
import { longestRun } from './runs.ts';
import { widthOf } from './width.ts';

/** Characters around a second part within which its first part is looked for; as `matchFile` does. */
const NEAR = 2000;

/** Finds out where a rule's matches can begin. */
export function toAnchors(rule: Rule): Anchors {
  return {
    ...(rule.pattern === undefined ? {} : { pattern: patternAnchor(rule, rule.pattern) }),
    words: [...new Set((rule.names ?? []).flatMap(wordsOf))],
    rareWords: rule.broad === true ? [] : [...new Set((rule.names ?? []).flatMap(rareWordsOf))],
  };
}

/** Finds out what a path must hold, in lower case; no words where that cannot be told. */
export function toPathAnchors(files: readonly string[]): Anchors {
  const found = files.map((source) => literalsOf(parsePattern(source).alternatives)?.texts ?? []);
  const isKnown = found.every((texts) => texts.length > 0);
  return { words: [], rareWords: isKnown ? [...new Set(found.flat())] : [] };
}

function patternAnchor(rule: Rule, source: string): NonNullable<Anchors['pattern']> {
  const pattern = parsePattern(source);
  const { most } = widthOf(pattern);
  const run = Math.min(...pattern.alternatives.map(longestRun));
  const own = literalsOf(pattern.alternatives);
  if (own !== undefined && own.most < NEAR) {
    const guarded = rule.keywords.length > 0 && own.texts.some((text) => commonness(text) >= EVERYDAY);
    return {
      texts: own.texts,
      before: [own.least, own.most],
      length: most,
      run,
      ...(guarded ? { guarded } : {}),
    };
  }
  const near = rule.near === undefined ? undefined : literalsOf(parsePattern(rule.near.pattern).alternatives);
  if (near !== undefined) return { texts: near.texts, around: NEAR, length: most, run };
  return { texts: rule.keywords, around: null, length: most, run };
}

/** The words that names of a pattern hold, in text where `_` may be written in any way or not at all. */
function wordsOf(source: string): readonly string[] {
  const loose = source.replaceAll(/\[(?:\\.|[^\]\\])*\]|\\.|_/g, (part) =>
    part === '_' ? '[^]{0,1}' : part,
  );
  return literalsOf(parsePattern(loose).alternatives, costOfWord)?.texts ?? [];
}

/** The rarest texts in names of a pattern, in normal form. */
function rareWordsOf(source: string): readonly string[] {
  return literalsOf(parsePattern(source).alternatives)?.texts ?? [];
}

/** Words that the broad rules look for anyway: they cost nothing more. */
const lookedForAnyway =
  /^(?:token|secret|pass|passw(?:or)?d|passphrase|pwd|credentials?|cred|key|auth|bearer|pat|jwt|dsn)$/;

function costOfWord(word: string): number {
  return lookedForAnyway.test(word) ? 0.1 : commonness(word);
}
