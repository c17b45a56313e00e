import { toNormalName } from './names.ts';
import type { CompiledRule } from './rule-set.ts';

/** Longest value that is held against a widened format, whose parts may overlap. */
const MOST_TRIED = 160;

/** Parts of a format that may be of any length at once: more would take too long on a hostile value. */
const MOST_WIDENED = 3;

/** A quantifier of four characters at least, after a class. */
const counted = /(\]|\\[dw])\{(\d+)(?:,\d*)?\}/g;

/** The middle of a UUID. */
const groups = /\(\?:-(\[[^\]]+\])\{4\}\)\{3\}/g;

const known = new WeakMap<CompiledRule, RegExp | null>();

/** Gives the rule whose format a value has but for its length: it was cut, lengthened or made up. */
export function nearMiss(
  value: string,
  name: string,
  formats: readonly CompiledRule[],
): CompiledRule | undefined {
  if (value.length > MOST_TRIED) return undefined;
  const fits = formats.filter((one) => one.value?.test(value) === true);
  if (fits.length === 0) return formats.find((one) => shapeOf(one)?.test(value) === true);
  if (fits.some((one) => !one.isWeak)) return undefined;
  const normal = toNormalName(name);
  const meant = formats.filter((one) => beginsWithText(one) && one.names?.test(normal) === true);
  const missed = meant.find((one) => shapeOf(one)?.test(value) === true);
  return missed === undefined || fits.includes(missed) ? undefined : missed;
}

/** Two characters of the issuer's tell more of what was meant than a form that many values have. */
function beginsWithText({ rule }: CompiledRule): boolean {
  return /^[A-Za-z0-9]{2}/.test(rule.value?.pattern ?? '');
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
  const loose = source.replaceAll(groups, '(?:-$1+)*');
  const shape = loose.replaceAll(counted, (whole, atom: string, least: string) => {
    if (Number(least) < 4) return whole;
    widened += 1;
    return `${atom}+`;
  });
  const nested = /\)(?:[*+]|\{)/.test(source.replaceAll(groups, ''));
  return widened === 0 || widened > MOST_WIDENED || nested ? null : new RegExp(`^(?:${shape})$`, 'i');
}
