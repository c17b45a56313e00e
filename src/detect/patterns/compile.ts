import { RegExpParser, type AST } from '@eslint-community/regexpp';
import type { Anchors, Rule } from '../../model/rule.ts';
import { commonness, literalsOf } from './literals.ts';
import { widthOf } from './width.ts';

const parser = new RegExpParser({ ecmaVersion: 2023 });

/** Characters around a second part within which its first part is looked for; as `matchFile` does. */
const NEAR = 2000;

/** Parses a pattern. Throws a `SyntaxError` of the parser for one that is none. */
export function parsePattern(source: string): AST.Pattern {
  return parser.parsePattern(source);
}

/** Finds out where a rule's matches can begin. */
export function toAnchors(rule: Rule): Anchors {
  return {
    ...(rule.pattern === undefined ? {} : { pattern: patternAnchor(rule, rule.pattern) }),
    words: [...new Set((rule.names ?? []).flatMap(wordsOf))],
  };
}

function patternAnchor(rule: Rule, source: string): NonNullable<Anchors['pattern']> {
  const pattern = parsePattern(source);
  const { most } = widthOf(pattern);
  const own = literalsOf(pattern.alternatives);
  if (own !== undefined && own.most < NEAR) {
    return { texts: own.texts, before: [own.least, own.most], length: most };
  }
  const near = rule.near === undefined ? undefined : literalsOf(parsePattern(rule.near.pattern).alternatives);
  if (near !== undefined) return { texts: near.texts, around: NEAR, length: most };
  return { texts: rule.keywords, around: null, length: most };
}

/** The word that every name of a pattern holds, without the `_` that joins words in normal form. */
function wordsOf(source: string): readonly string[] {
  const split = parsePattern(source.replaceAll('_', String.raw`[\s\S]{0,1}`));
  return literalsOf(split.alternatives, costOfWord)?.texts ?? [];
}

/** Words that the broad rules look for anyway. */
const lookedForAnyway = /^(?:token|secret|passw(?:or)?d|passphrase|credentials?|key|pat)$/;
const common = /^(?:node|npm|github|google|docker|aws|azure|url|uri|actions|private|host|user|service|app)$/;

function costOfWord(word: string): number {
  if (lookedForAnyway.test(word)) return 1;
  return common.test(word) ? 400 : commonness(word) + 2;
}
