import type { Consumer, MappedSecret } from '../model/consumer.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import { toPlannedAgent, type PlanContext } from '../plan/agents.ts';
import type { FileEdits } from './edits.ts';
import { findPointers, toPointerFiles } from './pointer.ts';
import { rewriteTouched, type Rescan } from './rewrite.ts';
import { openReading, shareBaseUrls } from './shared-url.ts';

export interface DraftInput {
  readonly root: string;
  readonly context: PlanContext;
  /** The issuer that CI jobs are told of, where it takes the token of their platform. */
  readonly platformIssuer: string | undefined;
  /** Agent ids to migrate; all where undefined. */
  readonly only: readonly string[] | undefined;
  /** Every path of the tree. */
  readonly paths: readonly string[];
  /** Paths of the tree's configuration files, in which a base URL may stand. */
  readonly configFiles: readonly string[];
  readonly rescan: Rescan;
}

/** What one secret's migration comes to: agents, edits, and what is left to a person. */
export interface Draft {
  readonly secret: MappedSecret;
  readonly agents: readonly PlannedAgent[];
  readonly files: readonly FileEdits[];
  readonly manual: readonly ManualStep[];
  /** Whether nothing here needs the secret afterwards. */
  readonly isWhole: boolean;
}

/**
 * Drafts the migration of one secret: each consumer whole or not at all. One that cannot move holds back those that
 * read the same base URL, and no others. Reads files, changes nothing.
 */
export async function draftSecret(mapped: MappedSecret, input: DraftInput): Promise<Draft> {
  const secret = { ...mapped, consumers: mapped.consumers.filter((one) => !isDone(one)) };
  const { agents, manual: steps } = chooseAgents(secret, input);
  const reading = openReading(input.root, input.paths);
  const pointers = await findPointers(input.root, input.configFiles, {
    agents,
    resources: input.context.resources,
  });
  let going: readonly PlannedAgent[] = agents;
  let isHeld = false;
  for (;;) {
    const work = await rewriteTouched({ ...input, secret, agents: going });
    const failed = work.manual.filter((step) => going.some((agent) => agent.spec.id === step.agent));
    steps.push(...failed);
    const able = going.filter((agent) => failed.every((step) => step.agent !== agent.spec.id));
    const shared = await shareBaseUrls(pointers, { secret, going: able, steps, reading });
    steps.push(...shared.manual);
    if (failed.length === 0 && shared.waiting.size === 0) {
      const base = toPointerFiles(shared.free, going, input.context.resources);
      const kept = work.isWhole ? [] : keptStores(secret, going);
      return {
        secret,
        agents: isHeld ? going : agents,
        files: [...work.files, ...base.files],
        manual: [...steps, ...work.manual, ...base.manual, ...kept],
        isWhole: work.isWhole,
      };
    }
    isHeld ||= shared.waiting.size > 0;
    going = able.filter((agent) => !shared.waiting.has(agent));
  }
}

/** Rewritten by an earlier migration, and nothing in the tree names the secret for it since. */
function isDone({ state, places }: Consumer): boolean {
  return places.length === 0 && ['rewritten', 'verified', 'retired'].includes(state);
}

function chooseAgents(
  secret: MappedSecret,
  input: DraftInput,
): { readonly agents: PlannedAgent[]; readonly manual: ManualStep[] } {
  const agents: PlannedAgent[] = [];
  const manual: ManualStep[] = [];
  for (const consumer of secret.consumers) {
    if (input.only !== undefined && !input.only.includes(consumer.name)) continue;
    const outcome = toPlannedAgent(secret, consumer, input.context);
    if ('agent' in outcome) agents.push(outcome.agent);
    else manual.push(outcome.manual);
  }
  return { agents, manual };
}

function keptStores(secret: MappedSecret, going: readonly PlannedAgent[]): readonly ManualStep[] {
  const place = secret.storedIn[0];
  const [first] = going;
  if (place === undefined || first === undefined) return [];
  const left = secret.consumers.filter((consumer) => going.every((agent) => agent.consumer !== consumer.id));
  const who = left.length > 0 ? left.map((consumer) => consumer.name).join(', ') : 'places with manual steps';
  return [
    {
      path: place.path,
      line: place.startLine,
      agent: null,
      why: `the secret stays here: ${who} still need it`,
      what: `Finish those, then run agent-id migrate again. Until then give the migrated ones ${first.resource.uri} as their base URL.`,
    },
  ];
}
