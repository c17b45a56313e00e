import { join } from 'node:path';
import { parseFile } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Slot } from '../model/facts.ts';
import { toLine, type Edit } from '../model/place.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import type { PlanResource } from '../plan/agents.ts';
import type { FileEdits } from './edits.ts';

/** A configuration value that is the base URL of the API behind a resource. */
export interface Pointer {
  readonly path: string;
  readonly line: number;
  readonly slot: Slot;
  /** The name that readers call it by: `OKTA_ORG_URL`. */
  readonly name: string;
  /** Key of the resource that takes its place. */
  readonly resource: string;
  readonly edit: Edit;
  readonly before: string;
}

/** Finds every configuration slot that holds the URL of an API behind a resource of these agents. */
export async function findPointers(
  root: string,
  configFiles: readonly string[],
  {
    agents,
    resources,
  }: { readonly agents: readonly PlannedAgent[]; readonly resources: readonly PlanResource[] },
): Promise<readonly Pointer[]> {
  const pointers: Pointer[] = [];
  const used = resources.filter((resource) => agents.some((agent) => agent.resource.key === resource.key));
  for (const path of used.length === 0 ? [] : configFiles) {
    const text = (await readTextIfThere(join(root, path))) ?? '';
    const wanted = used.filter(
      (resource) => resource.fronts !== undefined && text.includes(bare(resource.fronts.baseUrl)),
    );
    if (wanted.length === 0) continue;
    const document = await parseFile(text, path);
    if (document === undefined || document.readOnly === true) continue;
    const { lineStarts, slots } = document.facts;
    for (const slot of slots) {
      const resource = wanted.find((one) => pointsAt(slot, one));
      if (resource === undefined) continue;
      pointers.push({
        path,
        line: toLine(lineStarts, slot.span.start),
        slot,
        name: /[^.[\]]+(?=(\[\d+\])?$)/.exec(slot.path)?.[0] ?? slot.path,
        resource: resource.key,
        edit: document.setValue(slot, resource.uri, `${resource.displayName} instead of the API behind it`),
        before: text,
      });
    }
  }
  return pointers;
}

/** Points base URLs at the API that takes the new tokens (tier T0); says so where no file holds one. */
export function toPointerFiles(
  pointers: readonly Pointer[],
  going: readonly PlannedAgent[],
  resources: readonly PlanResource[],
): { readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] } {
  if (pointers.length === 0) {
    const used = resources.filter((resource) => going.some((agent) => agent.resource.key === resource.key));
    return { files: [], manual: used.flatMap((resource) => pointByHand(resource, going)) };
  }
  const paths = [...new Set(pointers.map((pointer) => pointer.path))];
  const files = paths.map((path) => {
    const own = pointers.filter((pointer) => pointer.path === path);
    return {
      path,
      before: own[0]?.before ?? '',
      edits: own.map((pointer) => pointer.edit),
      tier: 'T0' as const,
      agents: going.map((agent) => agent.spec.id),
      why: 'points at the API that takes the new tokens',
      needsHelper: false,
      helperRoot: '',
    };
  });
  return { files, manual: [] };
}

function pointsAt(slot: Slot, resource: PlanResource): boolean {
  return resource.fronts !== undefined && bare(slot.value) === bare(resource.fronts.baseUrl);
}

function bare(url: string): string {
  return url.replace(/\/+$/, '');
}

function pointByHand(resource: PlanResource, agents: readonly PlannedAgent[]): readonly ManualStep[] {
  const agent = agents.find((one) => one.resource.key === resource.key);
  const evidence = agent?.scopes[0]?.evidence[0];
  return [
    {
      path: evidence?.path ?? '.',
      line: evidence?.line ?? 1,
      agent: null,
      why: 'no file here holds the base URL of the API',
      what: `Set it where it is kept (CI variable, host) to ${resource.uri}.`,
    },
  ];
}
