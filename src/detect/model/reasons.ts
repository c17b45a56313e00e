import { contributions, type TreeModel } from './trees.ts';

/** What each group of features says when it speaks for a secret. */
const groups: readonly (readonly [RegExp, string])[] = [
  [/^name(?:Password|Secret|Token|Key|Login|Qualified|Credentials)$/, 'its name speaks of a credential'],
  [/^(?:name|repeats|wordsIn)/, 'its name is not that of an id or a setting'],
  [/ikelihood$|overage$/, 'its letters are not those of words'],
  [/^(?:run|digits|distinct|upper|kinds|symbols)/, 'letters, digits and case change as in drawn text'],
  [/^(?:length|repeated|sequence)/, 'its length and texture are those of a secret'],
  [/^is(?:Hex|Digest|Uuid|Padded|Base64)$/, 'its alphabet is that of encoded bytes'],
  [/^(?:is[A-Z]|spaces|brackets|references|standIn)/, 'it is no path, address, expression or stand-in'],
  [/^(?:separator|scheme|quoted|ends|closes|code|calls)/, 'it is written as a literal value'],
  [/./, 'what stands beside it fits'],
];

/** Puts the three weightiest contributions to a score into words. */
export function toReasons(model: TreeModel, row: ArrayLike<number>): readonly string[] {
  const sums = new Map<string, number>();
  for (const [at, share] of contributions(model, row).entries()) {
    const feature = model.features[at] ?? '';
    const words = groups.find(([pattern]) => pattern.test(feature))?.[1] ?? feature;
    sums.set(words, (sums.get(words) ?? 0) + share);
  }
  return [...sums]
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([words]) => words);
}
