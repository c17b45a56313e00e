import type { AST } from '@eslint-community/regexpp';
import type { Rule } from '../../model/rule.ts';
import { parsePattern } from './parse.ts';

/** Characters of a hostile text, about. */
const LENGTH = 30_000;
/** Longest stretch that is repeated: a pattern that takes more is cut short of its end. */
const MOST_WRITTEN = 12_000;
/** As short or as long as it may be, or many short parts: `(?:a{1,9}b?){1,50}` as `aabaab…`. */
type Way = 'least' | 'most' | 'many';
const ways: readonly Way[] = ['least', 'most', 'many'];
/** What a class of everything, or of nothing that is named, is written as. */
const ANY = 'x';

const everywhere = [
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  'a',
  'A',
  '0',
  '_',
  '-',
  '.',
  '"',
  '=',
  '://a:',
  'aB3-',
  ' = "',
];

/**
 * Writes texts that take a pattern long: its anchors over and over, what nearly matches, runs of each class that it
 * knows, line ends and blanks, alone and after an anchor.
 */
export function hostileTexts(rule: Pick<Rule, 'keywords' | 'anchors'>, source: string): readonly string[] {
  const pattern = parsePattern(source);
  const anchors = [...new Set([...(rule.anchors?.pattern?.texts ?? []), ...rule.keywords])].slice(0, 4);
  const runs = [...new Set([...everywhere, ...lettersOf(pattern)])];
  const written = ways.flatMap((way) =>
    pattern.alternatives.map(({ elements }) => write(elements, MOST_WRITTEN, way)),
  );
  const near = [...new Set(written)].slice(0, 12).flatMap((text) => [text.slice(0, -1), `${text}!`]);
  const parts = [
    ...runs,
    ...anchors.flatMap((anchor) => [anchor, `${anchor} `, `${anchor}="`, `${anchor}\n`]),
    ...near.flatMap((text) => [text, `${text}\n`]),
  ];
  const [first = ''] = anchors;
  return [
    ...parts.filter((part) => part !== '').map((part) => repeat(part)),
    ...runs.map((run) => repeat(`${first}${run.repeat(40)}`)),
  ];
}

function repeat(part: string): string {
  return part.repeat(Math.ceil(LENGTH / part.length)).slice(0, LENGTH + MOST_WRITTEN);
}

/** One character of each class that a pattern names. */
function lettersOf(node: AST.Pattern | AST.Element | AST.Alternative): readonly string[] {
  if (node.type === 'Alternative') return node.elements.flatMap(lettersOf);
  if (node.type === 'Quantifier') return lettersOf(node.element);
  if (node.type === 'CharacterClass' || node.type === 'CharacterSet') return [letterOf(node)];
  return 'alternatives' in node ? node.alternatives.flatMap(lettersOf) : [];
}

/** Writes a text that a sequence matches. */
function write(elements: readonly AST.Element[], room: number, way: Way): string {
  let text = '';
  for (const element of elements) text += writeOne(element, room - text.length, way);
  return text;
}

function writeOne(node: AST.Element, room: number, way: Way): string {
  if (room <= 0) return '';
  if (node.type === 'Quantifier') {
    const once = writeOne(node.element, room, way);
    return once.repeat(timesOf(node, Math.ceil(room / Math.max(1, once.length)), way)).slice(0, room);
  }
  if (node.type === 'Group' || node.type === 'CapturingGroup')
    return write(node.alternatives[0]?.elements ?? [], room, way);
  if (node.type === 'Character') return String.fromCodePoint(node.value);
  return node.type === 'CharacterClass' || node.type === 'CharacterSet' ? letterOf(node) : '';
}

function timesOf({ element, min, max }: AST.Quantifier, most: number, way: Way): number {
  if (way === 'least') return min;
  const isPart = element.type === 'Group' || element.type === 'CapturingGroup';
  return Math.min(max, most, way === 'most' || isPart ? max : min + 1);
}

function letterOf(node: AST.CharacterClass | AST.CharacterSet): string {
  if (node.type === 'CharacterSet') return setLetter(node);
  if (node.negate) return ANY;
  const [first] = node.elements;
  if (first?.type === 'Character') return String.fromCodePoint(first.value);
  if (first?.type === 'CharacterClassRange') return String.fromCodePoint(first.min.value);
  return first?.type === 'CharacterSet' ? setLetter(first) : ANY;
}

function setLetter(node: AST.CharacterSet): string {
  if ('negate' in node && node.negate) return ANY;
  return { digit: '0', space: ' ', word: 'a', any: ANY, property: ANY }[node.kind];
}
