import { join } from 'node:path';
import { parseFile } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Slot } from '../model/facts.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import type { PlanResource } from '../plan/agents.ts';
import type { FileEdits } from './edits.ts';

/**
 * Points base URLs at the API that takes the new tokens: every configuration slot that holds the URL of the API
 * behind it gets the trusted resource's own (tier T0).
 */
export async function toPointerEdits(
  root: string,
  configFiles: readonly string[],
  {
    agents,
    resources,
  }: { readonly agents: readonly PlannedAgent[]; readonly resources: readonly PlanResource[] },
): Promise<{ readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] }> {
  const files: FileEdits[] = [];
  const used = resources.filter((resource) => agents.some((agent) => agent.resource.key === resource.key));
  for (const path of configFiles) {
    const text = (await readTextIfThere(join(root, path))) ?? '';
    const wanted = used.filter(
      (resource) => resource.fronts !== undefined && text.includes(bare(resource.fronts.baseUrl)),
    );
    if (wanted.length === 0) continue;
    const document = await parseFile(text, path);
    if (document === undefined || document.readOnly === true) continue;
    const edits = document.facts.slots.flatMap((slot) => {
      const resource = wanted.find((one) => pointsAt(slot, one));
      return resource === undefined
        ? []
        : [document.setValue(slot, resource.uri, `${resource.displayName} instead of the API behind it`)];
    });
    if (edits.length === 0) continue;
    files.push({
      path,
      before: text,
      edits,
      tier: 'T0',
      agents: agents.map((agent) => agent.spec.id),
      why: 'points at the API that takes the new tokens',
      needsHelper: false,
      helperRoot: '',
    });
  }
  return { files, manual: files.length > 0 ? [] : used.flatMap((resource) => pointByHand(resource, agents)) };
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
