import { visitRegExpAST, type AST } from '@eslint-community/regexpp';
import type { Rule } from '../../model/rule.ts';
import { parsePattern } from './parse.ts';

/** A pattern that may repeat a part more often than this in one place is refused. */
const MOST_REPEATS = 20_000;

/** Says why a rule may not be tried on texts: no anchor, no bound, no pattern at all; undefined for a good one. */
export function whyRefused(rule: Rule): string | undefined {
  return whyAnchorless(rule) ?? whyUnbounded(rule) ?? whyAmbiguous(rule);
}

/** It would be tried on every text. */
function whyAnchorless({ pattern, keywords, files }: Rule): string | undefined {
  return pattern !== undefined && files === undefined && keywords.length === 0
    ? 'a pattern without keywords'
    : undefined;
}

/** What is tried on a text of any length must itself have a bound. */
function whyUnbounded({ pattern, near, parts }: Rule): string | undefined {
  for (const [part, source] of Object.entries({ ...parts, pattern, near: near?.pattern })) {
    const why =
      source === undefined ? undefined : firstIn(source, (node) => whyOpen(node) ?? whyNested(node));
    if (why !== undefined) return `${part}: ${why}`;
  }
  return undefined;
}

/** What is tried on a name, a value or a path, which are short, may be open, but not an open part within another. */
function whyAmbiguous({ names = [], value, files = [] }: Rule): string | undefined {
  const short = [...names, ...files, ...(value?.pattern === undefined ? [] : [value.pattern])];
  for (const source of short) {
    const why = firstIn(source, (node) => whyBackReference(node) ?? whyOpenTwice(node));
    if (why !== undefined) return `${source}: ${why}`;
  }
  return undefined;
}

/** Says whether a pattern repeats, a varying number of times, what itself repeats. */
export function isNested(source: string): boolean {
  return firstIn(source, whyNested) !== undefined;
}

type Judge = (node: AST.Node) => string | undefined;

function firstIn(source: string, judge: Judge): string | undefined {
  let why: string | undefined;
  const look = (node: AST.Node): void => void (why ??= judge(node));
  try {
    visitRegExpAST(parsePattern(source), { onQuantifierEnter: look, onBackreferenceEnter: look });
  } catch {
    return 'not a regular expression';
  }
  return why;
}

function whyOpen(node: AST.Node): string | undefined {
  if (node.type !== 'Quantifier') return whyBackReference(node);
  if (node.max === Infinity) return 'an unbounded quantifier: write {0,N}';
  return node.max > MOST_REPEATS ? `a repetition of more than ${MOST_REPEATS}` : undefined;
}

function whyBackReference({ type }: AST.Node): string | undefined {
  return type === 'Backreference' ? 'a back reference' : undefined;
}

/** A varying number of parts of varying length can be cut in too many ways. */
function whyNested(node: AST.Node): string | undefined {
  return isVarying(node) && endsVarying(node.element) ? 'a repetition within a repetition' : undefined;
}

function whyOpenTwice(node: AST.Node): string | undefined {
  return isOpen(node) && holdsOpen(node.element) ? 'an unbounded quantifier within another' : undefined;
}

function isVarying(node: AST.Node): node is AST.Quantifier {
  return node.type === 'Quantifier' && node.max > 1 && node.max !== node.min;
}

function isOpen(node: AST.Node): node is AST.Quantifier {
  return node.type === 'Quantifier' && node.max === Infinity;
}

function endsVarying(node: AST.Element): boolean {
  return (
    isVarying(node) ||
    inner(node).some((elements) => {
      const last = elements.at(-1);
      return last !== undefined && endsVarying(last);
    })
  );
}

function holdsOpen(node: AST.Element): boolean {
  return isOpen(node) || inner(node).some((elements) => elements.some(holdsOpen));
}

function inner(node: AST.Element): readonly (readonly AST.Element[])[] {
  if (node.type === 'Quantifier') return [[node.element]];
  return node.type === 'Group' || node.type === 'CapturingGroup'
    ? node.alternatives.map(({ elements }) => elements)
    : [];
}
