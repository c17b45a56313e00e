import type { Finding } from '../model/finding.ts';
import { toLine, type Location, type Source, type Span } from '../model/place.ts';
import type { Secret } from '../model/secret.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Match } from './match.ts';
import { isStrong } from './value.ts';

export interface Seen {
  readonly path: string;
  /** Path from the top of the repository, where that is another folder: it must not depend on where a scan began. */
  readonly identity?: string;
  readonly lineStarts: readonly number[];
  /** Of a part of a file: lines before its first one, and UTF-16 code units before it in that line. */
  readonly origin?: { readonly line: number; readonly column: number };
  readonly source: Source;
  readonly matches: readonly Match[];
}

/** Is given the value of each finding that has one. */
export type Keep = (finding: Pick<Finding, 'rule' | 'secret'>, value: Secret) => void;

/** What is done with findings beside making them. */
export interface FindingOptions {
  readonly keep?: Keep;
  /** Milliseconds since 1970; without it no token counts as expired. */
  readonly now?: number;
}

/** Turns matches of all files into findings: from here on nothing holds a value, but what `keep` does with it. */
export function toFindings(
  files: readonly Seen[],
  fingerprint: Fingerprint,
  { keep, now }: FindingOptions = {},
): readonly Finding[] {
  const ordinals = new Map<string, number>();
  return files.flatMap((file) =>
    file.matches.map((match) => {
      const made = toFinding(match, file, secretOf(match, file, fingerprint));
      const finding = isExpired(match, now) ? asExpired(made) : made;
      if (match.value !== null) keep?.(finding, match.value);
      const group = groupOf(finding);
      const n = (ordinals.get(group) ?? 0) + 1;
      ordinals.set(group, n);
      return { ...finding, id: idOf(finding, n, fingerprint) };
    }),
  );
}

function isExpired({ endsAt }: Match, now: number | undefined): boolean {
  return endsAt !== undefined && now !== undefined && endsAt * 1000 < now;
}

/** A token past its end opens nothing; that it lay there is still worth knowing. */
function asExpired(finding: Finding): Finding {
  const confidence = finding.confidence === 'high' ? 'medium' : finding.confidence;
  return { ...finding, severity: 'low', confidence, reasons: [...finding.reasons, 'it has expired'] };
}

/** What equal findings have in common. */
interface Grouped {
  readonly rule: string;
  readonly secret: string;
  readonly name: string | null;
}

/** Gives the key under which findings of one secret, rule and name are counted. */
export function groupOf({ rule, secret, name }: Grouped): string {
  return [rule, secret, name ?? ''].join('\0');
}

/** Gives the id of the nth of equal findings, from 1. */
export function idOf(finding: Grouped, n: number, fingerprint: Fingerprint): string {
  return fingerprint('id', groupOf(finding), String(n));
}

/** A weak value is never fingerprinted: rule, name and path stand for it. */
function secretOf(match: Match, file: Seen, fingerprint: Fingerprint): string {
  const name = match.name ?? '';
  const value = match.value?.open();
  if (value === undefined) return fingerprint('use', match.store ?? '', name);
  if (isStrong(value, match.rule.broad !== true && match.rule.guessable !== true)) {
    return fingerprint('value', value);
  }
  return weakSecret({ rule: match.rule.id, name, path: file.identity ?? file.path }, fingerprint);
}

/** Gives what stands for a value that is too weak for a fingerprint: its rule, its name and its path from the top. */
export function weakSecret(
  { rule, name, path }: { readonly rule: string; readonly name: string | null; readonly path: string },
  fingerprint: Fingerprint,
): string {
  return fingerprint('weak', rule, name ?? '', path);
}

function toFinding(match: Match, file: Seen, secret: string): Finding {
  const { rule } = match;
  return {
    id: '',
    rule: rule.id,
    provider: rule.provider,
    title: rule.title,
    kind: match.kind,
    name: match.name,
    secret,
    lifetime: match.lifetime ?? (rule.lifetime === 'claim' ? 'unknown' : rule.lifetime),
    severity: match.kind === 'use' ? 'info' : rule.severity,
    confidence: match.confidence,
    reasons: match.reasons,
    location: toLocation(match, file),
    ...(match.parts === undefined ? {} : { parts: match.parts }),
    live: null,
    ...(match.ignored === undefined ? { state: 'new' } : { state: 'ignored', reason: match.ignored }),
  };
}

function toLocation(match: Match, file: Seen): Location {
  const start = position(match.span.start, file);
  const end = position(match.span.end, file);
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
  { lineStarts, origin = { line: 0, column: 0 } }: Seen,
): { readonly line: number; readonly column: number } {
  const line = toLine(lineStarts, offset);
  const column = offset - (lineStarts[line - 1] ?? 0) + 1;
  return { line: line + origin.line, column: line === 1 ? column + origin.column : column };
}
