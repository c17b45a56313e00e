import grams from './grams.json' with { type: 'json' };

/** Characters of a gram. */
const LENGTH = 4;
/** Rate of what is in no class, in a megabyte. */
const SELDOM = 3;
/** Rate of a text that is too short to tell. */
const ALWAYS = 5000;

/** By gram of four characters, and by the first three of such: how often it stands in a megabyte, at least. */
const rates = toRates();

function toRates(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [rate, texts] of Object.entries(grams)) {
    for (let at = 0; at < texts.length; at += LENGTH) {
      const gram = texts.slice(at, at + LENGTH);
      found.set(gram, Number(rate));
      const start = gram.slice(0, LENGTH - 1);
      found.set(start, (found.get(start) ?? 0) + Number(rate));
    }
  }
  return found;
}

/** Guesses how often a text stands in a megabyte of ordinary files: as often as the rarest part of it, at most. */
export function commonness(text: string): number {
  if (text.length < LENGTH - 1) return ALWAYS;
  if (text.length < LENGTH) return rates.get(text) ?? SELDOM;
  let least = Infinity;
  for (let at = 0; at + LENGTH <= text.length; at += 1)
    least = Math.min(least, rates.get(text.slice(at, at + LENGTH)) ?? SELDOM / (text.length - LENGTH + 1));
  return least;
}
