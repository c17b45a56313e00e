import type { AST } from '@eslint-community/regexpp';
import { widthOf } from './width.ts';

/** Gives how many letters, digits and `_+/=-` in a row each match of an alternative holds at least. */
export function longestRun({ elements }: AST.Alternative): number {
  let longest = 0;
  let run = 0;
  for (const element of elements) {
    if (element.type === 'Assertion') continue;
    if (isToken(element)) {
      run += widthOf(element).least;
      longest = Math.max(longest, run);
      continue;
    }
    run = 0;
    longest = Math.max(longest, innerRun(element));
  }
  return longest;
}

function innerRun(element: AST.Element): number {
  if (element.type === 'Quantifier') return element.min === 0 ? 0 : innerRun(element.element);
  return 'alternatives' in element && element.type !== 'Assertion'
    ? Math.min(...element.alternatives.map(longestRun))
    : 0;
}

/** Says whether all that a part can be is of these characters. */
function isToken(element: AST.Element): boolean {
  if (element.type === 'Quantifier') return isToken(element.element);
  if (element.type === 'Character') return isTokenCode(element.value, element.value);
  if (element.type === 'CharacterClass') return !element.negate && element.elements.every(isTokenClass);
  if (element.type === 'CharacterSet') return element.kind !== 'any' && isTokenClass(element);
  if (element.type === 'Group' || element.type === 'CapturingGroup')
    return element.alternatives.every(({ elements }) => elements.every(isToken));
  return element.type === 'Assertion';
}

function isTokenClass(element: AST.CharacterClassElement): boolean {
  if (element.type === 'Character') return isTokenCode(element.value, element.value);
  if (element.type === 'CharacterClassRange') return isTokenCode(element.min.value, element.max.value);
  return (
    element.type === 'CharacterSet' && !('negate' in element && element.negate) && element.kind !== 'space'
  );
}

function isTokenCode(low: number, high: number): boolean {
  for (let code = low; code <= high && code < 256; code += 1) {
    if (!/[\w+/=-]/.test(String.fromCharCode(code))) return false;
  }
  return high < 256;
}
