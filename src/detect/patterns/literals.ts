import type { AST } from '@eslint-community/regexpp';
import { commonness } from './commonness.ts';
import { widthOf, widthOfAll, type Width } from './width.ts';

/** Texts of which every match holds one, in lower case, and how far from the start of the match it may begin. */
export interface Literals {
  readonly texts: readonly string[];
  readonly least: number;
  readonly most: number;
}

/** What it costs to look at each place where a text stands. */
export type Cost = (text: string) => number;

/** Beyond these a set of texts tells too little for what it costs. */
const MOST_TEXTS = 160;
const MOST_CHARACTERS = 24;
/** An anchor farther than this from the start of a match makes each look at it dear. */
const FAR = 64;
/** How often an everyday text stands in a megabyte, about. */
export const EVERYDAY = 50;
/** A class of more letters than this is no text. */
const MOST_LETTERS = 6;

/** Finds the rarest texts of which one must stand in every match; undefined where there are none. */
export function literalsOf(
  alternatives: readonly AST.Alternative[],
  cost: Cost = commonness,
): Literals | undefined {
  const each = alternatives.map((alternative) => cheapest(candidates(alternative.elements, cost), cost));
  return each.every((one) => one !== undefined) ? united(each) : undefined;
}

function united(each: readonly Literals[]): Literals | undefined {
  const all = withoutLonger({
    texts: each.flatMap((one) => one.texts),
    least: Math.min(...each.map(({ least }) => least)),
    most: Math.max(...each.map(({ most }) => most)),
  });
  return all.texts.length > MOST_TEXTS || all.texts.length === 0 ? undefined : all;
}

/** A text that holds another one is found with it, if farther from the start. */
function withoutLonger({ texts, least, most }: Literals): Literals {
  const kept: string[] = [];
  let farther = 0;
  for (const text of [...new Set(texts)].toSorted((a, b) => a.length - b.length)) {
    const within = kept.filter((other) => text.includes(other)).map((other) => text.indexOf(other));
    if (within.length === 0) kept.push(text);
    else farther = Math.max(farther, Math.min(...within));
  }
  return { texts: kept, least, most: most + farther };
}

/** Every stretch of exact text, and what stands within groups. */
function candidates(elements: readonly AST.Element[], cost: Cost): readonly Literals[] {
  const found: Literals[] = [];
  let run: readonly string[] = [''];
  let from = 0;
  const close = (): void => {
    const before = widthOfAll(elements.slice(0, from));
    if (!run.includes('')) found.push(withoutLonger({ texts: run, least: before.least, most: before.most }));
    run = [''];
  };
  for (const [at, element] of elements.entries()) {
    if (element.type === 'Assertion') continue;
    const longer = joined(run, exactTexts(element));
    if (longer !== undefined) {
      if (run[0] === '') from = at;
      run = longer;
      continue;
    }
    close();
    const alone = joined([''], exactTexts(element));
    from = at;
    if (alone !== undefined) run = alone;
    else found.push(...within(element, widthOfAll(elements.slice(0, at)), cost));
  }
  close();
  return found.filter(({ texts }) => texts.every((text) => text.length >= 3));
}

function within(element: AST.Element, before: Width, cost: Cost): readonly Literals[] {
  const inner = innerOf(element, cost);
  if (inner === undefined) return [];
  const { least, most } = inner;
  return [{ texts: inner.texts, least: before.least + least, most: before.most + most }];
}

function innerOf(element: AST.Element, cost: Cost): Literals | undefined {
  if (element.type === 'Group' || element.type === 'CapturingGroup')
    return literalsOf(element.alternatives, cost);
  return element.type === 'Quantifier' && element.min > 0 ? innerOf(element.element, cost) : undefined;
}

/** Appends; undefined where that would be too many or too long, or where a part is not exact. */
function joined(
  before: readonly string[],
  after: readonly string[] | undefined,
): readonly string[] | undefined {
  if (after === undefined || before.length * after.length > MOST_TEXTS) return undefined;
  const texts = [...new Set(before.flatMap((start) => after.map((end) => start + end)))];
  return texts.every((text) => text.length <= MOST_CHARACTERS) ? texts : undefined;
}

/** All texts that a part can be, in lower case; undefined where those are many. */
function exactTexts(node: AST.Element): readonly string[] | undefined {
  if (node.type === 'Character')
    return node.value < 128 ? [String.fromCharCode(node.value).toLowerCase()] : undefined;
  if (node.type === 'CharacterClass') return lettersOf(node);
  if (node.type === 'Group' || node.type === 'CapturingGroup') return exactChoice(node.alternatives);
  return node.type === 'Quantifier' ? exactRepeat(node) : undefined;
}

function exactChoice(alternatives: readonly AST.Alternative[]): readonly string[] | undefined {
  const texts: string[] = [];
  for (const { elements } of alternatives) {
    let run: readonly string[] | undefined = [''];
    for (const element of elements) {
      run = element.type === 'Assertion' ? run : joined(run, exactTexts(element));
      if (run === undefined) return undefined;
    }
    texts.push(...run);
  }
  return texts.length <= MOST_TEXTS ? [...new Set(texts)] : undefined;
}

function exactRepeat(node: AST.Quantifier): readonly string[] | undefined {
  const once = exactTexts(node.element);
  if (once === undefined || node.max > 4 || widthOf(node.element).most > 8) return undefined;
  const all: string[] = [];
  let run: readonly string[] | undefined = [''];
  for (let n = 0; n <= node.max; n += 1) {
    if (n >= node.min) all.push(...run);
    run = joined(run, once);
    if (run === undefined) return undefined;
  }
  return all.length <= MOST_TEXTS ? [...new Set(all)] : undefined;
}

function lettersOf(node: AST.CharacterClass): readonly string[] | undefined {
  if (node.negate) return undefined;
  const letters = new Set<string>();
  for (const element of node.elements) {
    if (element.type !== 'Character' && element.type !== 'CharacterClassRange') return undefined;
    const [low, high] =
      element.type === 'Character' ? [element.value, element.value] : [element.min.value, element.max.value];
    if (high > 127 || high - low > MOST_LETTERS) return undefined;
    for (let code = low; code <= high; code += 1) letters.add(String.fromCharCode(code).toLowerCase());
  }
  return letters.size <= MOST_LETTERS ? [...letters] : undefined;
}

function cheapest(found: readonly Literals[], cost: Cost): Literals | undefined {
  const costs = new Map(
    found.map((one) => [
      one,
      one.texts.reduce((sum, text) => sum + cost(text), 0) * (one.most > FAR ? 8 : 1),
    ]),
  );
  return found.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0) || a.most - b.most)[0];
}
