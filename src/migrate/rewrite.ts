import { applyEdits, confirmEdits } from '../formats/index.ts';
import type { MappedSecret } from '../model/consumer.ts';
import { AgentIdError } from '../model/error.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import { isCode, toFileEdits, type EditContext, type FileEdits, type TouchedFile } from './edits.ts';
import { goModule, helperReference, serviceRoot } from './helper-files.ts';
import { readTouched } from './touched.ts';

/** Scans texts as they will be and names what is left of some secrets, as `path:line`. */
export type Rescan = (
  texts: ReadonlyMap<string, string>,
  secrets: readonly MappedSecret[],
) => Promise<readonly string[]>;

export interface RewriteInput {
  readonly root: string;
  readonly secret: MappedSecret;
  /** The agents whose consumers move; the files of others stay as they are. */
  readonly agents: readonly PlannedAgent[];
  readonly rescan: Rescan;
}

export interface Rewritten {
  readonly files: readonly FileEdits[];
  readonly manual: readonly ManualStep[];
  /** Whether nothing needs the secret afterwards. */
  readonly isWhole: boolean;
}

/** Works out the edits of all files of the consumers that move: code first, as it says which commands need no wrapper. */
export async function rewriteTouched(input: RewriteInput): Promise<Rewritten> {
  if (input.agents.length === 0) return { files: [], manual: [], isWhole: false };
  const touched = await readTouched(input.root, input.secret, input.agents);
  const files = { code: touched.files.filter(isCode), config: touched.files.filter((file) => !isCode(file)) };
  const known = new Map(touched.files.map((file) => [file.path, file.agents]));
  const code = await rewriteFiles(files.code, input, { consumerFiles: known, adopted: new Set() });
  const adopted = new Set(code.files.filter((file) => file.needsHelper).flatMap((file) => file.agents));
  const config = await rewriteFiles(files.config, input, { consumerFiles: known, adopted });
  const manual = [...touched.manual, ...code.manual, ...config.manual];
  const isWhole = manual.length === 0 && input.agents.length === input.secret.consumers.length;
  const stores = new Set(touched.files.filter(isStore).map((file) => file.path));
  const own = config.files.filter((file) => file.agents.length > 0 && !stores.has(file.path));
  return { files: [...code.files, ...(isWhole ? config.files : own)], manual, isWhole };
}

/** A file of values that several workloads read: it must keep the secret until all of them are migrated. */
function isStore(file: TouchedFile): boolean {
  return file.document.facts.format === 'env';
}

async function rewriteFiles(
  files: readonly TouchedFile[],
  input: RewriteInput,
  around: Pick<EditContext, 'consumerFiles' | 'adopted'>,
): Promise<{ readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] }> {
  const changed: FileEdits[] = [];
  const manual: ManualStep[] = [];
  for (const file of files) {
    const owner = file.agents[0];
    const module = owner && (await goModule(input.root, serviceRoot(owner.consumer, file.path)));
    const outcomes = toFileEdits(file, {
      secret: input.secret,
      ...around,
      helperFor: (path, agent) => helperReference(serviceRoot(agent.consumer, path), path, module),
    });
    for (const outcome of outcomes) {
      const steps = 'manual' in outcome ? [outcome.manual] : await whyNot(outcome.changed, file, input);
      manual.push(...steps);
      if ('changed' in outcome && steps.length === 0) changed.push(outcome.changed);
    }
  }
  return { files: changed, manual };
}

/** Tries a file's edits: parses the result, confirms it and scans it again. Whatever fails is a step for each agent. */
async function whyNot(
  file: FileEdits,
  { staying }: TouchedFile,
  { rescan, secret }: RewriteInput,
): Promise<readonly ManualStep[]> {
  const step = (where: string, why: string): readonly ManualStep[] => {
    const [, path = file.path, line = '1'] = /^(.*):(\d+)$/.exec(where) ?? [];
    const what = 'Change this file by hand, then run agent-id migrate again.';
    const owners = file.agents.length === 0 ? [null] : file.agents;
    return owners.map((agent) => ({ path, line: Number(line), agent, why, what }));
  };
  try {
    const after = applyEdits(file.before, file.edits);
    await confirmEdits(file.path, file.before, after, file.edits);
    const left = staying.length > 0 ? [] : await rescan(new Map([[file.path, after]]), [secret]);
    return left.flatMap((where) => step(where, 'the rewritten file would still hold the old secret'));
  } catch (error) {
    if (!(error instanceof AgentIdError) || error.code !== 'malformed') throw error;
    return step(error.where ?? file.path, `it cannot be rewritten safely: ${error.message}`);
  }
}
