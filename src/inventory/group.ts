import type { Finding } from '../model/finding.ts';
import { serviceOf, type Services } from './services.ts';
import type { SourceFile } from './types.ts';

/** Findings that speak of one secret. */
export interface SecretGroup {
  readonly secret: string;
  readonly rule: string;
  readonly provider: string;
  readonly names: readonly string[];
  readonly findings: readonly Finding[];
}

/** Names that say nothing: equal ones in two services are two secrets. */
const genericName =
  /^(the_|my_|app_)?(api_?|access_?|auth_?|bearer_?|secret_?|private_?|service_?)*(token|key|secret|password|passwd|pwd|credential|credentials|authorization|apikey|pass)$/i;

/** Says whether a name alone cannot tell one secret from another. */
export function isGenericName(name: string): boolean {
  return genericName.test(name);
}

/**
 * Joins findings of one secret: equal values, then equal names. A generic name joins only within one service.
 * Short-lived ones (`GITHUB_TOKEN` of a job) are left out: nothing has to migrate.
 */
export function toGroups(
  findings: readonly Finding[],
  services: Services,
  sources: readonly SourceFile[],
): readonly SecretGroup[] {
  const parents = new Map<string, string>();
  const lasting = findings.filter((finding) => finding.lifetime !== 'short-lived');
  for (const finding of lasting) {
    const own = `value ${finding.secret}`;
    union(parents, own, own);
    const name = nameKey(finding, services);
    if (name !== undefined) union(parents, own, name);
  }
  for (const [name, origin] of renames(sources)) {
    const [from, to] = [`name ${fold(origin)}`, `name ${fold(name)}`];
    if (parents.has(from) && parents.has(to)) union(parents, from, to);
  }
  const groups = new Map<string, Finding[]>();
  for (const finding of lasting) {
    const root = find(parents, `value ${finding.secret}`);
    groups.set(root, [...(groups.get(root) ?? []), finding]);
  }
  return [...groups.values()].map(toGroup);
}

/** Two providers never share a name: `TOKEN` of one is not `TOKEN` of the other, unless one rule is generic. */
function nameKey(finding: Finding, services: Services): string | undefined {
  const { name } = finding;
  if (name === null || !/^[A-Za-z_][\w.-]*$/.test(name)) return undefined;
  const folded = fold(name);
  if (folded === 'AUTHORIZATION') return undefined;
  if (!isGenericName(name)) return `name ${folded}`;
  return `name ${folded} in ${serviceOf(services, finding.location.path)}`;
}

/** Terraform reads its variable `x` from `TF_VAR_x`. */
function fold(name: string): string {
  return name
    .replaceAll('-', '_')
    .toUpperCase()
    .replace(/^TF_VAR_/, '');
}

/**
 * Names under which another one is handed on. One that several feed (`PROD_TOKEN` here, `DEV_TOKEN` there) joins
 * nothing: these are several secrets.
 */
function renames(sources: readonly SourceFile[]): ReadonlyMap<string, string> {
  const origins = new Map<string, Set<string>>();
  for (const use of sources.flatMap((source) => source.facts.uses)) {
    if (use.as === undefined || isGenericName(use.as) || isGenericName(use.name)) continue;
    origins.set(use.as, (origins.get(use.as) ?? new Set<string>()).add(use.name));
  }
  return new Map(
    [...origins].flatMap(([name, from]) => {
      const [only, ...more] = from;
      return only === undefined || more.length > 0 || only === name ? [] : [[name, only] as const];
    }),
  );
}

function toGroup(findings: readonly Finding[]): SecretGroup {
  const literals = findings.filter((finding) => finding.kind === 'literal');
  const best = [...findings].sort((a, b) => rank(a) - rank(b))[0];
  const names = findings
    .flatMap((finding) => finding.name ?? [])
    .filter((name) => /^[A-Za-z_][\w.-]*$/.test(name));
  return {
    secret: (literals[0] ?? findings[0])?.secret ?? '',
    rule: best?.rule ?? '',
    provider: best?.provider ?? '',
    names: byCount(names),
    findings,
  };
}

/** A rule of a provider says more than a generic one, and a value more than a use. */
function rank(finding: Finding): number {
  return (isGenericProvider(finding.provider) ? 4 : 0) + (finding.kind === 'literal' ? 0 : 1);
}

/** Says whether a provider's name stands for "some provider". */
export function isGenericProvider(provider: string): boolean {
  return ['', 'generic', 'unknown', 'any'].includes(provider.toLowerCase());
}

function byCount(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => name);
}

function union(parents: Map<string, string>, a: string, b: string): void {
  const [x, y] = [find(parents, a), find(parents, b)];
  if (x !== y) parents.set(y, x);
}

function find(parents: Map<string, string>, key: string): string {
  let at = key;
  for (let parent = parents.get(at); parent !== undefined && parent !== at; parent = parents.get(at))
    at = parent;
  parents.set(key, at);
  return at;
}
