import type { Match } from './match.ts';

/** Of matches over the same text the more certain stays: a provider's before a broad one, one in a slot, the longer. */
export function withoutOverlaps(matches: readonly Match[]): readonly Match[] {
  const kept: Match[] = [];
  for (const match of matches.toSorted(byCertainty)) {
    const at = firstEndingAfter(kept, match.span.start);
    const next = kept[at];
    if (next === undefined || next.span.start >= match.span.end) kept.splice(at, 0, match);
  }
  return kept;
}

function byCertainty(a: Match, b: Match): number {
  return rank(b) - rank(a) || length(b) - length(a) || sureness(b) - sureness(a);
}

/** A password in an address that has a vendor's format is that vendor's token. */
function sureness({ rule }: Match): number {
  return ['low', 'medium', 'high'].indexOf(rule.confidence);
}

/** The kind of a file says more than a format. */
function rank({ rule, slot }: Match): number {
  return (rule.broad === true ? 0 : 2) + (slot === null ? 0 : 1) + (rule.files === undefined ? 0 : 1);
}

function length({ span }: Match): number {
  return span.end - span.start;
}

/** Index of the first kept match that ends after an offset; kept matches are in order and apart. */
function firstEndingAfter(kept: readonly Match[], offset: number): number {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((kept[middle]?.span.end ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
