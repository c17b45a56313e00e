import type { MappedSecret } from '../model/consumer.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import { toPlannedAgent, type PlanContext } from '../plan/agents.ts';
import { isCode, toFileEdits, type FileEdits, type TouchedFile } from './edits.ts';
import { goModule, helperReference, serviceRoot } from './helper-files.ts';
import { toPointerEdits } from './pointer.ts';
import { readTouched } from './touched.ts';

export interface DraftInput {
  readonly root: string;
  readonly context: PlanContext;
  /** Agent ids to migrate; all where undefined. */
  readonly only: readonly string[] | undefined;
  /** Paths of the tree's configuration files, in which a base URL may stand. */
  readonly configFiles: readonly string[];
}

/** What one secret's migration comes to: agents, edits, and what is left to a person. */
export interface Draft {
  readonly secret: MappedSecret;
  readonly agents: readonly PlannedAgent[];
  readonly files: readonly FileEdits[];
  readonly manual: readonly ManualStep[];
}

/** Drafts the migration of one secret. Reads files, changes nothing. */
export async function draftSecret(secret: MappedSecret, input: DraftInput): Promise<Draft> {
  const { agents, manual } = chooseAgents(secret, input);
  if (agents.length === 0) return { secret, agents, files: [], manual };
  const touched = await readTouched(input.root, secret, agents);
  manual.push(...touched.manual);
  const rewriting = { root: input.root, secret, touched: touched.files };
  const code = await rewriteFiles(touched.files.filter(isCode), { ...rewriting, adopted: new Set() });
  const adopted = new Set(code.files.filter((file) => file.needsHelper).flatMap((file) => file.agents));
  const config = await rewriteFiles(
    touched.files.filter((file) => !isCode(file)),
    { ...rewriting, adopted },
  );
  manual.push(...code.manual, ...config.manual);
  const pointers = await toPointerEdits(input.root, input.configFiles, {
    agents,
    resources: input.context.resources,
  });
  if (agents.length < secret.consumers.length || manual.length > 0) {
    if (pointers.files.length > 0) return held(secret, agents, manual, pointers.files);
    const own = config.files.filter((file) => file.agents.length > 0 && !isSharedStore(file, touched.files));
    return {
      secret,
      agents,
      files: [...code.files, ...own],
      manual: [...manual, ...keptStores(secret, agents)],
    };
  }
  return {
    secret,
    agents,
    files: [...code.files, ...config.files, ...pointers.files],
    manual: [...manual, ...pointers.manual],
  };
}

/**
 * Holds everything back: consumers that read one base URL move together, or those that moved would send their new
 * tokens to the old API.
 */
function held(
  secret: MappedSecret,
  agents: readonly PlannedAgent[],
  manual: readonly ManualStep[],
  pointers: readonly FileEdits[],
): Draft {
  const left = secret.consumers.filter((consumer) => agents.every((agent) => agent.consumer !== consumer.id));
  const waiting = [
    ...new Set([...left.map((consumer) => consumer.name), ...manual.flatMap((step) => step.agent ?? [])]),
  ];
  const path = pointers[0]?.path ?? '.';
  const why = `nothing is changed for ${secret.names.join(', ')}: its consumers share the base URL here, and ${waiting.join(', ')} cannot move with them yet`;
  const what = 'Do the steps above, or give the others a base URL of their own, and run it again.';
  return { secret, agents: [], files: [], manual: [...manual, { path, line: 1, agent: null, why, what }] };
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

interface Rewriting {
  readonly root: string;
  readonly secret: MappedSecret;
  readonly touched: readonly TouchedFile[];
  /** Agents whose code asks the helper, so that no command needs a wrapper. */
  readonly adopted: ReadonlySet<string>;
}

async function rewriteFiles(
  files: readonly TouchedFile[],
  { root, secret, touched, adopted }: Rewriting,
): Promise<{ readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] }> {
  const changed: FileEdits[] = [];
  const manual: ManualStep[] = [];
  const consumerFiles = new Map(touched.map((file) => [file.path, file.agents]));
  for (const file of files) {
    const owner = file.agents[0];
    const module = owner && (await goModule(root, serviceRoot(owner.consumer, file.path)));
    const outcomes = toFileEdits(file, {
      secret,
      adopted,
      consumerFiles,
      helperFor: (path, agent) => helperReference(serviceRoot(agent.consumer, path), path, module),
    });
    for (const outcome of outcomes) {
      if ('manual' in outcome) manual.push(outcome.manual);
      else changed.push(outcome.changed);
    }
  }
  return { files: changed, manual };
}

/** A file of values that several workloads read: it must keep the secret until all of them are migrated. */
function isSharedStore(file: FileEdits, touched: readonly TouchedFile[]): boolean {
  return touched.find((one) => one.path === file.path)?.document.facts.format === 'env';
}

function keptStores(secret: MappedSecret, agents: readonly PlannedAgent[]): readonly ManualStep[] {
  const place = secret.storedIn[0];
  const left = secret.consumers.filter((consumer) => agents.every((agent) => agent.consumer !== consumer.id));
  if (place === undefined) return [];
  const who =
    left.length > 0 ? left.map((consumer) => consumer.name).join(', ') : 'consumers with manual steps';
  return [
    {
      path: place.path,
      line: place.startLine,
      agent: null,
      why: `the secret stays here: ${who} still need it`,
      what: `Finish those, then run agent-id migrate again. Until then give the migrated ones ${agents[0]?.resource.uri ?? ''} as their base URL.`,
    },
  ];
}
