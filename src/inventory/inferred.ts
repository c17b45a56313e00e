import type { Consumer, Evidence, MappedSecret, ScopeEvidence } from '../model/consumer.ts';
import { byText, type Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import { startsOf, targetsIn } from './invocations.ts';
import { isBelow } from './paths.ts';
import { unreachedLines } from './reachable.ts';
import type { Reach } from './reach.ts';
import { restCalls } from './rest-calls.ts';
import { sdkCalls } from './sdk-calls.ts';
import { shellCalls } from './shell-calls.ts';

/** Finds every call that a consumer makes of the API of a scope table. Only files that belong to it count. */
export function reachesOf(
  draft: Pick<Draft, 'kind' | 'files' | 'workload'>,
  estate: Estate,
): readonly Reach[] {
  const { scopes: table } = estate.input;
  if (table === null) return [];
  const isUnreached = draft.kind === 'code' ? () => false : unreachedIn(draft, estate);
  const found = draft.files.flatMap((path) => {
    const source = estate.sources.get(path);
    if (source === undefined) return [];
    if (source.facts.format === 'shell' || source.facts.format === 'yaml')
      return shellCalls(source, table, () => true);
    return [...sdkCalls(source, table, estate.sources, estate.graph), ...restCalls(source, table)];
  });
  const reaches = found.filter(({ path, line }) => !isUnreached(path, line));
  const { workload } = draft;
  if (workload === null || draft.kind === 'container') return reaches;
  const { prefix, source } = workload;
  const own = shellCalls(source, table, (command) => isBelow(command.slot ?? '', prefix));
  return [...own, ...reaches];
}

/** What is run by name is run whole; of what is only imported, only what is mentioned. */
function unreachedIn(
  draft: Pick<Draft, 'files' | 'workload'>,
  estate: Estate,
): (path: string, line: number) => boolean {
  const started = new Set([
    ...(draft.workload === null ? [] : startsOf(draft.workload, estate)),
    ...draft.files.flatMap((path) => targetsIn(path, estate)),
  ]);
  const isLibrary = (path: string): boolean =>
    !started.has(path) && (estate.importers.get(path) ?? []).some((one) => draft.files.includes(one));
  const sources = draft.files.flatMap((path) => estate.sources.get(path) ?? []);
  return unreachedLines(
    sources.filter((source) => !isLibrary(source.facts.path)),
    sources.filter((source) => isLibrary(source.facts.path)),
  );
}

/** Groups calls by the scopes that they need, each with its lines. */
export function toScopes(reaches: readonly Reach[]): readonly ScopeEvidence[] {
  const scopes = new Map<string, Evidence[]>();
  for (const { operation, path, line, call } of reaches) {
    for (const scope of operation?.scopes ?? [])
      scopes.set(scope, [...(scopes.get(scope) ?? []), { path, line, call }]);
  }
  return [...scopes]
    .sort(([a], [b]) => byText(a, b))
    .map(([scope, evidence]) => ({ scope, evidence: evidence.sort(byEvidence) }));
}

/** Lists the calls that need something which cannot be named. */
export function toUnknown(reaches: readonly Reach[]): Consumer['unknown'] {
  return reaches.flatMap(({ operation, path, line, call, why }) => {
    if (operation === null) return [{ path, line, why: `${call}: ${why ?? 'not known'}` }];
    if (!operation.tokenOnly) return [];
    return [{ path, line, why: `${call}: no OAuth scope covers it; only an API token may call it` }];
  });
}

/** Gathers what all consumers of a secret reach. */
export function toReaches(api: string, reaches: readonly Reach[]): MappedSecret['reaches'] {
  const found = reaches.flatMap(({ operation }) => operation ?? []);
  if (found.length === 0) return [];
  return [
    {
      api,
      operations: [...new Set(found.map((operation) => operation.id))].sort(byText),
      scopes: [...new Set(found.flatMap((operation) => operation.scopes))].sort(byText),
    },
  ];
}

function byEvidence(a: Evidence, b: Evidence): number {
  return byText(a.path, b.path) || a.line - b.line || byText(a.call, b.call);
}
