import type { CompiledRule } from './rule-set.ts';

/** Longest value that is held against a widened format, whose parts may overlap. */
const MOST_TRIED = 160;

/** Parts of a format that may be of any length at once: more would take too long on a hostile value. */
const MOST_WIDENED = 3;

/** A quantifier of four characters at least, after a class. */
const counted = /(\]|\\[dw])\{(\d+)(?:,\d*)?\}/g;

const known = new WeakMap<CompiledRule, RegExp | null>();

/** Gives the rule whose format a value has but for its length: it was cut, lengthened or made up. */
export function nearMiss(value: string, formats: readonly CompiledRule[]): CompiledRule | undefined {
  if (value.length > MOST_TRIED || formats.some((one) => one.value?.test(value) === true)) return undefined;
  return formats.find((one) => shapeOf(one)?.test(value) === true);
}

function shapeOf(compiled: CompiledRule): RegExp | null {
  let shape = known.get(compiled);
  if (shape === undefined) {
    const source = compiled.rule.value?.pattern;
    shape = source === undefined ? null : widen(source);
    known.set(compiled, shape);
  }
  return shape;
}

function widen(source: string): RegExp | null {
  let widened = 0;
  const shape = source.replaceAll(counted, (whole, atom: string, least: string) => {
    if (Number(least) < 4) return whole;
    widened += 1;
    return `${atom}+`;
  });
  const nested = /\)(?:[*+]|\{)/.test(source);
  return widened === 0 || widened > MOST_WIDENED || nested ? null : new RegExp(`^(?:${shape})$`, 'i');
}
