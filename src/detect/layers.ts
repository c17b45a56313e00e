import type { FileFacts } from '../model/facts.ts';
import { isCode } from './candidates/code.ts';
import { decodeLayers, type Layer } from './decode/index.ts';
import type { Match } from './match.ts';
import { slotAround } from './slots.ts';

/** Looks at what a file's text holds in encoded form. `look` finds the literals of a text. */
export function layerMatches(
  text: string,
  facts: FileFacts | null,
  path: string | undefined,
  look: (text: string) => readonly Match[],
): readonly Match[] {
  const layers = decodeLayers(text, path !== undefined && isCode(path));
  return layers.flatMap((layer) => look(layer.text).map((match) => toFile(match, layer, facts)));
}

function toFile(match: Match, { encodings, toOuter }: Layer, facts: FileFacts | null): Match {
  const span = toOuter(match.span);
  const slot = slotAround(facts, span);
  return {
    ...match,
    span,
    name: match.name ?? slot?.name ?? null,
    slot: slot?.path ?? null,
    reasons: [...match.reasons, `decoded from ${encodings.join(', then ')}`],
  };
}

/**
 * Joins what was found in the text itself with what it encodes: an encoded value is better known by what it stands
 * for, unless a provider's rule knows it as it is written. Several secrets may stand in one encoded run.
 */
export function withLayers(direct: readonly Match[], layered: readonly Match[]): readonly Match[] {
  if (layered.length === 0) return direct;
  const exact = direct.filter(({ rule }) => rule.broad !== true);
  const inner = unique(layered).filter((match) => !exact.some((one) => overlaps(one, match)));
  const broad = direct.filter(
    (match) => match.rule.broad === true && !inner.some((one) => overlaps(one, match)),
  );
  return [...exact, ...broad, ...inner];
}

/** Text that is decoded twice, by itself and as a part of its line, is found twice. */
function unique(matches: readonly Match[]): readonly Match[] {
  const seen = new Map<string, Match>();
  for (const match of matches) {
    const key = `${match.span.start}:${match.span.end}:${match.value?.open() ?? ''}`;
    const known = seen.get(key);
    if (known === undefined || (known.rule.broad === true && match.rule.broad !== true)) seen.set(key, match);
  }
  return [...seen.values()];
}

function overlaps(a: Match, b: Match): boolean {
  return a.span.start < b.span.end && b.span.start < a.span.end;
}
