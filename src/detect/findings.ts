import type { Finding } from '../model/finding.ts';
import type { Location, Source, Span } from '../model/place.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Match } from './match.ts';
import { isStrong } from './value.ts';

export interface Seen {
  readonly path: string;
  readonly lineStarts: readonly number[];
  readonly source: Source;
  readonly matches: readonly Match[];
}

/** Turns matches of all files into findings: from here on nothing holds a value. */
export function toFindings(files: readonly Seen[], fingerprint: Fingerprint): readonly Finding[] {
  const ordinals = new Map<string, number>();
  return files.flatMap((file) =>
    file.matches.map((match) => {
      const identity = identityOf(match, file.path, fingerprint);
      const n = (ordinals.get(identity.base) ?? 0) + 1;
      ordinals.set(identity.base, n);
      return toFinding(match, file, {
        id: fingerprint('id', identity.base, String(n)),
        secret: identity.secret,
      });
    }),
  );
}

/** A weak value is never fingerprinted: rule, name and path stand for it. */
function identityOf(
  match: Match,
  path: string,
  fingerprint: Fingerprint,
): { readonly base: string; readonly secret: string } {
  const name = match.name ?? '';
  const value = match.value?.open();
  if (value === undefined) {
    const secret = fingerprint('use', match.store ?? '', name);
    return { secret, base: [match.rule.id, 'use', match.store ?? '', name].join('\0') };
  }
  if (!isStrong(value, match.rule.broad !== true && match.rule.guessable !== true)) {
    const base = [match.rule.id, 'weak', name, path].join('\0');
    return { secret: fingerprint('weak', base), base };
  }
  const secret = fingerprint('value', value);
  return { secret, base: [match.rule.id, secret, name].join('\0') };
}

function toFinding(match: Match, file: Seen, ids: { readonly id: string; readonly secret: string }): Finding {
  const { rule } = match;
  return {
    id: ids.id,
    rule: rule.id,
    provider: rule.provider,
    title: rule.title,
    kind: match.kind,
    name: match.name,
    secret: ids.secret,
    lifetime: rule.lifetime,
    severity: match.kind === 'use' ? 'info' : rule.severity,
    confidence: match.confidence,
    reasons: match.reasons,
    location: toLocation(match, file),
    live: null,
    ...(match.ignored === undefined ? { state: 'new' } : { state: 'ignored', reason: match.ignored }),
  };
}

function toLocation(match: Match, file: Seen): Location {
  const start = position(match.span.start, file.lineStarts);
  const end = position(match.span.end, file.lineStarts);
  return {
    path: file.path,
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
    ...(match.slot === null ? {} : { slot: match.slot }),
    source: file.source,
  };
}

function position(
  offset: Span['start'],
  lineStarts: readonly number[],
): { readonly line: number; readonly column: number } {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lineStarts[middle] ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  return { line: Math.max(low, 1), column: offset - (lineStarts[low - 1] ?? 0) + 1 };
}
