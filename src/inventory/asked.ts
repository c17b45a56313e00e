import type { LockedAgent } from '../model/agent.ts';
import type { Consumer, ScopeEvidence } from '../model/consumer.ts';
import { filesOfFolder } from './code-drafts.ts';
import { byText, isCode } from './draft.ts';
import { toEstate, type Estate } from './estate.ts';
import { reachesOf, toScopes, toUnknown } from './inferred.ts';
import { closure } from './imports.ts';
import { followed } from './invocations.ts';
import { kindOf, pathOf } from './locked.ts';
import type { InventoryInput } from './types.ts';

/** Our own files beside the code: what they call, they call for it. */
const helper = /(^|\/)agent-id\/[^/]+$/;

/** What an agent's code asks of its API today, whether or not the lock file knows it. */
export interface Asked {
  readonly scopes: readonly ScopeEvidence[];
  /** Calls of which the scope cannot be told. */
  readonly unknown: Consumer['unknown'];
  /** How many files of code were looked at; 0 says nothing about what it asks. */
  readonly files: number;
}

/** Reads what each agent of the lock asks for today, by its id: a rewritten consumer no longer names its secret, but calls on. */
export function askedByAgents(input: InventoryInput): ReadonlyMap<string, Asked> {
  const estate = toEstate(input);
  return new Map(Object.entries(input.lock?.agents ?? {}).map(([id, agent]) => [id, askedBy(agent, estate)]));
}

function askedBy(agent: LockedAgent, estate: Estate): Asked {
  const evidence = agent.resources.flatMap(({ scopes }) =>
    scopes.flatMap((scope) => scope.evidence.map(({ path }) => path)),
  );
  const parts = agent.consumers.map(({ id }) => {
    const kind = kindOf(id);
    const workload = estate.workloads.find((one) => one.id === id) ?? null;
    const files = filesOf(id, evidence, estate).filter((path) => !helper.test(path));
    return { files, reaches: reachesOf({ kind, files, workload }, estate) };
  });
  const reaches = parts.flatMap((part) => part.reaches);
  return {
    scopes: toScopes(reaches),
    unknown: toUnknown(reaches),
    files: new Set(parts.flatMap(({ files }) => files)).size,
  };
}

/** A service is its folder; anything else is what its calls were found in, and what that runs and imports. */
function filesOf(id: string, evidence: readonly string[], estate: Estate): readonly string[] {
  const path = pathOf(id);
  if (kindOf(id) === 'code' && !id.endsWith('#tests')) return filesOfFolder(path === '.' ? '' : path, estate);
  const workload = estate.workloads.find((one) => one.id === id);
  const runs = workload === undefined ? [] : [...(estate.runs.get(workload) ?? [])];
  const starts = new Set([path, ...runs, ...evidence].filter((one) => estate.sources.has(one)));
  return [...followed(closure(estate.graph, starts), estate)]
    .filter((one) => isCode(estate.sources.get(one)))
    .sort(byText);
}
