import { join, posix } from 'node:path';
import { applyEdits, confirmEdits } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { MappedSecret } from '../model/consumer.ts';
import { AgentIdError } from '../model/error.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import { isCode, toFileEdits, type EditContext, type FileEdits, type TouchedFile } from './edits.ts';
import { joinPackages, placeOf, splitEdits } from './go-package.ts';
import { goModule, helperReference, helperRootOf } from './helper-files.ts';
import { followGiven, whyLinked } from './links.ts';
import { nameInImage } from './name-agents.ts';
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
  /** The issuer that CI jobs are told of, where it takes the token of their platform. */
  readonly platformIssuer: string | undefined;
  /** Every path of the tree. */
  readonly paths: readonly string[];
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
  const known = new Map(touched.files.map((file) => [file.path, file.agents]));
  const code = await rewriteCode(touched.files.filter(isCode), input, known);
  const adopted = new Set(code.files.filter((file) => file.needsHelper).flatMap((file) => file.agents));
  const others = touched.files.filter((file) => !isCode(file));
  const naming = new Set(code.files.flatMap(mustBeNamed));
  const config = await rewriteFiles(others, input, { consumerFiles: known, adopted, naming });
  const images = await nameInImages(input, naming, config.files);
  const changed = [...code.files, ...config.files, ...images];
  const manual = [...touched.manual, ...code.manual, ...config.manual];
  manual.push(...unnamed(input, naming, { code: code.files, config: [...config.files, ...images] }));
  manual.push(...untouched(input, changed, manual));
  const isWhole = manual.length === 0 && input.agents.length === input.secret.consumers.length;
  const stores = new Set(touched.files.filter(isStore).map((file) => file.path));
  const own = config.files.filter((file) => file.agents.length > 0 && !stores.has(file.path));
  return { files: [...code.files, ...(isWhole ? config.files : own), ...images], manual, isWhole };
}

/** A file of values that several workloads read: it must keep the secret until all of them are migrated. */
function isStore(file: TouchedFile): boolean {
  return file.document.facts.format === 'env';
}

/** Agents of a shared file, but for the one that a process is which names none. */
function mustBeNamed({ own, agents }: FileEdits): readonly string[] {
  return own === undefined ? [] : agents.filter((id) => id !== own.otherwise);
}

/** A service that no other file starts is told by its image who it is. */
async function nameInImages(
  { root, paths, agents }: RewriteInput,
  naming: ReadonlySet<string>,
  config: readonly FileEdits[],
): Promise<readonly FileEdits[]> {
  const named = new Set(config.flatMap(({ names = [] }) => names));
  const edits: FileEdits[] = [];
  for (const agent of agents.filter(({ spec }) => naming.has(spec.id) && !named.has(spec.id))) {
    const folder = /^code:(.+)$/.exec(agent.consumer)?.[1] ?? '';
    const path = posix.join(folder, 'Dockerfile');
    if (folder !== '' && paths.includes(path))
      edits.push(...nameInImage(path, (await readTextIfThere(join(root, path))) ?? '', agent));
  }
  return edits;
}

/** An agent that nothing names would get no token, or that of another. */
function unnamed(
  { agents, secret }: RewriteInput,
  naming: ReadonlySet<string>,
  { code, config }: { readonly code: readonly FileEdits[]; readonly config: readonly FileEdits[] },
): readonly ManualStep[] {
  const named = new Set(config.flatMap(({ names = [] }) => names));
  return agents.flatMap((agent) => {
    const { id } = agent.spec;
    const shared = code.find((file) => mustBeNamed(file).includes(id));
    if (!naming.has(id) || named.has(id) || shared === undefined) return [];
    const others = shared.agents.filter((other) => other !== id).join(', ');
    const consumer = secret.consumers.find((one) => one.id === agent.consumer);
    const why = `it shares ${shared.path} with ${others}, and no file of its own could say to it which of them it is`;
    const what = `Start it with AGENT_ID_AGENT=${id} in a service, job or cron line of its own, then run agent-id migrate again.`;
    return [{ path: consumer?.path ?? shared.path, line: consumer?.line ?? 1, agent: id, why, what }];
  });
}

/** An agent of which no file changes would be taken for done, and go on with the old secret. */
function untouched(
  { agents, secret }: RewriteInput,
  files: readonly FileEdits[],
  manual: readonly ManualStep[],
): readonly ManualStep[] {
  return agents.flatMap((agent) => {
    const { id } = agent.spec;
    // Code that only asks whether the secret is there, or hands it on, uses nothing else afterwards.
    const isMoved = files.some((file) => file.agents.includes(id) && file.tier !== null);
    if (isMoved || manual.some((step) => step.agent === id)) return [];
    const consumer = secret.consumers.find((one) => one.id === agent.consumer);
    const why =
      consumer?.how === 'default'
        ? `a library reads ${secret.names.join(', ')} by itself here, so there is nothing to rewrite`
        : 'nothing was found here that could be rewritten';
    const what = `Give the client what asks the helper for the token: agent ${id}, resource ${agent.resource.key}.`;
    return [{ path: consumer?.path ?? '.', line: consumer?.line ?? 1, agent: id, why, what }];
  });
}

const DEEPEST = 5;

/** Rewrites code, and what it gives the secret to in other files, until nothing new is given on. */
async function rewriteCode(
  files: readonly TouchedFile[],
  input: RewriteInput,
  consumerFiles: EditContext['consumerFiles'],
): Promise<{ readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] }> {
  const around = { consumerFiles, adopted: new Set<string>(), naming: new Set<string>() };
  let all = await joinPackages(files, input);
  for (let depth = 0; ; depth += 1) {
    const done = await rewriteFiles(all, input, around);
    const next = await followGiven(all, done.files, input);
    if (next === all || depth === DEEPEST) {
      const further = next.filter((file) => !all.includes(file)).map(tooFar);
      const manual = [...done.manual, ...(await whyLinked(done.files, input)), ...further.flat()];
      // A file may only hand on what another one lost.
      return { files: done.files.filter((file) => file.edits.length > 0), manual };
    }
    all = next;
  }
}

function tooFar({ path, agents }: TouchedFile): readonly ManualStep[] {
  return agents.map(({ spec }) => ({
    path,
    line: 1,
    agent: spec.id,
    why: `it reaches this file over more than ${DEEPEST} others`,
    what: 'Let one file ask for the token and send the requests, then run agent-id migrate again.',
  }));
}

async function rewriteFiles(
  files: readonly TouchedFile[],
  input: RewriteInput,
  around: Pick<EditContext, 'consumerFiles' | 'adopted' | 'naming'>,
): Promise<{ readonly files: readonly FileEdits[]; readonly manual: readonly ManualStep[] }> {
  const changed: FileEdits[] = [];
  const manual: ManualStep[] = [];
  for (const file of files) {
    const folder = helperRootOf(file.path, file.agents);
    const module = file.path.endsWith('.go') ? await goModule(input.root, folder) : undefined;
    const outcomes = toFileEdits(file, {
      secret: input.secret,
      platformIssuer: input.platformIssuer,
      ...around,
      helperFor: (path, root) => ({
        ...helperReference(root, path, module),
        isPackaged: input.paths.includes(posix.join(posix.dirname(path), '__init__.py')),
      }),
    });
    for (const outcome of outcomes) {
      if ('manual' in outcome) {
        manual.push(placeOf(outcome.manual, file));
        continue;
      }
      const parts = splitEdits(outcome.changed, file.members);
      const steps = await Promise.all(parts.map((part) => whyNot(part, file, input)));
      manual.push(...steps.flat());
      if (steps.flat().length === 0) changed.push(...parts);
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
