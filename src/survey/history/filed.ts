import { matchFile, type RuleSet } from '../../detect/index.ts';
import { credentialNames } from '../../formats/credentials/index.ts';
import { formatFor } from '../../formats/index.ts';
import { decodeText } from '../../lib/text.ts';
import type { FileFacts } from '../../model/facts.ts';
import type { Objects } from '../../sources/git/objects.ts';
import type { SeenBlobs } from './blobs.ts';
import type { Placed } from './places.ts';
import { digestOf } from './values.ts';

/** Patterns of the paths that alone say what a file holds: those of rules for some files, and files of credentials. */
export function pathsOfInterest(rules: RuleSet): readonly RegExp[] {
  const filed = rules.all.flatMap(({ files = [] }) => files.map((source) => new RegExp(source, 'i')));
  const foreign = rules.foreign.flatMap(({ pattern, path }) =>
    pattern === undefined && path !== undefined ? [path] : [],
  );
  return [credentialNames, ...filed, ...foreign];
}

/** Adds to the values that were seen in blobs those that only the path of one tells. */
export async function valuesByPath(
  objects: Objects,
  occurrences: readonly Placed[],
  { values }: SeenBlobs,
  { rules, maxBytes }: { readonly rules: RuleSet; readonly maxBytes: number },
): Promise<SeenBlobs['values']> {
  const patterns = pathsOfInterest(rules);
  const all = new Map(values);
  for (const { number, path } of occurrences) {
    const body = patterns.some((one) => one.test(path)) ? objects.read(number)?.body : undefined;
    if (body === undefined || body.length > maxBytes) continue;
    const found = await digestsIn(body, path, rules);
    if (found.length > 0) all.set(number, new Set([...(all.get(number) ?? []), ...found]));
  }
  return all;
}

async function digestsIn(body: Buffer, path: string, rules: RuleSet): Promise<readonly string[]> {
  const decoded = decodeText(body);
  if (!('text' in decoded)) return [];
  const { text } = decoded;
  const matches = matchFile(text, await factsOf(path, text), rules, { path });
  // A rule about the path alone has no value.
  return matches
    .filter(({ kind }) => kind === 'literal')
    .map(({ span, rule }) => digestOf(text.slice(span.start, span.end) || `${rule.id} ${path}`));
}

async function factsOf(path: string, text: string): Promise<FileFacts | null> {
  const format = credentialNames.test(path) ? formatFor(path, text) : undefined;
  try {
    return format === undefined ? null : (await format.parse(text, path)).facts;
  } catch {
    return null;
  }
}
