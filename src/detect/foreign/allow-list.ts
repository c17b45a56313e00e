import { lowerPattern } from './re2.ts';
import type { ForeignHit } from './types.ts';

/** An allow-list of gitleaks, as its TOML says it. */
export interface AllowList {
  readonly condition?: string;
  readonly regexTarget?: string;
  readonly regexes?: readonly string[];
  readonly paths?: readonly string[];
  readonly stopwords?: readonly string[];
}

/** Compiles an allow-list: one of its parts is enough, unless its condition is AND. Throws `malformed`. */
export function toAllowList(list: AllowList): (hit: ForeignHit) => boolean {
  const regexes = (list.regexes ?? []).map((source) => new RegExp(lowerPattern(source)));
  const paths = (list.paths ?? []).map((source) => new RegExp(lowerPattern(source)));
  const words = (list.stopwords ?? []).map((word) => word.toLowerCase());
  const target = toTarget(list.regexTarget ?? 'secret');
  const checks: ((hit: ForeignHit) => boolean)[] = [];
  if (regexes.length > 0) checks.push((hit) => regexes.some((regex) => regex.test(target(hit))));
  if (paths.length > 0) checks.push((hit) => paths.some((path) => path.test(hit.path)));
  if (words.length > 0)
    checks.push(({ secret }) => words.some((word) => secret.toLowerCase().includes(word)));
  const all = /^(and|&&)$/i.test(list.condition ?? '');
  return (hit) =>
    checks.length > 0 && (all ? checks.every((check) => check(hit)) : checks.some((check) => check(hit)));
}

function toTarget(name: string): (hit: ForeignHit) => string {
  if (name === 'match') return (hit) => hit.match;
  if (name === 'line') return lineOf;
  return (hit) => hit.secret;
}

function lineOf({ text, start, end }: ForeignHit): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end);
  return text.slice(from, to === -1 ? undefined : to);
}
