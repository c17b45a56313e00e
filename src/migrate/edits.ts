import { lineBreakOf, lineStartAt } from '../formats/lines.ts';
import type {
  Adopted,
  Adoption,
  ChangedSignature,
  Document,
  Entering,
  Exposed,
  Given,
  Imported,
  OwnAgent,
} from '../formats/types.ts';
import type { Consumer, MappedSecret } from '../model/consumer.ts';
import type { Slot, Use } from '../model/facts.ts';
import type { ManualStep, PlannedAgent, Tier } from '../model/plan.ts';
import { isWorkflow, toJobEdits } from './ci-job.ts';
import type { Member } from './go-package.ts';
import { helperRootOf } from './helper-files.ts';
import { nameAgents } from './name-agents.ts';
import { toLine, type Edit, type Span } from '../model/place.ts';
import { wrapCommands } from './wrap.ts';

/** One file that names or holds the secret, with the agents whose consumers it belongs to. */
export interface TouchedFile {
  readonly path: string;
  readonly text: string;
  readonly document: Document;
  readonly agents: readonly PlannedAgent[];
  /** Consumers that need the secret here and do not move. */
  readonly staying: readonly Consumer[];
  /** Slots whose value is the secret itself; by span start. */
  readonly literals: readonly Slot[];
  /** Parameters through which other files of the same agent give it, and what it imports of them. */
  readonly entering: readonly (Entering | Imported)[];
  /** The files of a Go package, of which `text` is made. */
  readonly members?: readonly Member[];
}

export interface FileEdits {
  readonly path: string;
  /** The text that the edits are against. */
  readonly before: string;
  readonly edits: readonly Edit[];
  readonly tier: Tier | null;
  readonly agents: readonly string[];
  readonly why: string;
  /** Whether this file now imports the helper, and below which folder that lies. */
  readonly needsHelper: boolean;
  readonly helperRoot: string;
  /** Whether it runs where nothing is installed, so that a helper which is no program needs one beside it. */
  readonly runsAlone?: boolean;
  /** Code that several agents share, with the one that a process is which names none. */
  readonly own?: OwnAgent;
  /** Agents that this file names to the processes that it starts. */
  readonly names?: readonly string[];
  /** Files that were changed as one with it. */
  readonly together?: readonly string[];
  /** What other files must know of it: see `Adopted`. */
  readonly links?: Links;
}

export interface Links {
  readonly changed: readonly ChangedSignature[];
  readonly dropped: readonly string[];
  readonly gives: readonly Given[];
  readonly exposes: readonly Exposed[];
  readonly types: readonly Imported[];
}

export type FileOutcome = { readonly changed: FileEdits } | { readonly manual: ManualStep };

export interface EditContext {
  readonly secret: MappedSecret;
  /** Every file of every consumer, so that a command that starts one of them is recognised. */
  readonly consumerFiles: ReadonlyMap<string, readonly PlannedAgent[]>;
  /** Agents whose code asks the helper: their commands need no wrapper. */
  readonly adopted: ReadonlySet<string>;
  /** Agents whose code is shared: what starts them must say who they are. */
  readonly naming: ReadonlySet<string>;
  /** The issuer that jobs are told of, where it takes the token of their platform. */
  readonly platformIssuer: string | undefined;
  /** Where the vendored helper of an agent lies, as code of this file names it. */
  readonly helperFor: (
    path: string,
    root: string,
  ) => Pick<Adoption, 'helperPath' | 'helperImport' | 'isPackaged'>;
}

const codeFormats = new Set(['javascript', 'python', 'go', 'shell']);

export function isCode(file: TouchedFile): boolean {
  return codeFormats.has(file.document.facts.format);
}

/** Says how one file changes so that it no longer needs the old secret, or why a person must change it. */
export function toFileEdits(file: TouchedFile, context: EditContext): readonly FileOutcome[] {
  return isCode(file) ? codeEdits(file, context) : configEdits(file, context);
}

function codeEdits(file: TouchedFile, context: EditContext): readonly FileOutcome[] {
  const uses = usesOf(file, context.secret);
  const at = file.literals[0]?.span ?? uses[0]?.span;
  const agent = file.agents[0];
  if (agent === undefined) return [manual(file, at, 'no consumer runs this code')];
  if (file.literals.length > 0) return [manual(file, at, 'the value stands in the code itself', agent)];
  if (uses.length + file.entering.length === 0) return [];
  const why = whyNotShared(file);
  return why === undefined
    ? adoptHelper(file, uses, agent, context)
    : file.agents.map((one) => manual(file, at, why, one));
}

/** Whoever shares a file moves with it, or nobody does. */
function whyNotShared({ agents, staying }: TouchedFile): string | undefined {
  const left = staying.map((one) => one.name);
  if (left.length > 0) return `it is shared with ${left.join(' and ')}, which cannot move yet`;
  const [first, ...others] = new Set(agents.map(({ resource }) => resource.key));
  return others.length === 0
    ? undefined
    : `those that share it reach different APIs: ${[first, ...others].join(', ')}`;
}

function adoptHelper(
  file: TouchedFile,
  uses: readonly Use[],
  agent: PlannedAgent,
  context: EditContext,
): readonly FileOutcome[] {
  const root = helperRootOf(file.path, file.agents);
  const target = { ...toTarget(file, agent), ...context.helperFor(file.path, root) };
  const adopted = file.document.adopt?.(uses, target, file.entering);
  if (adopted === undefined)
    return [manual(file, uses[0]?.span, 'this language cannot be rewritten yet', agent)];
  if ('refused' in adopted) return [manual(file, adopted.at, adopted.refused, agent)];
  const needsHelper = adopted.tier !== 'T1' && adopted.tier !== null;
  const changed = {
    path: file.path,
    before: file.text,
    edits: adopted.edits,
    tier: adopted.tier,
    agents: file.agents.map((one) => one.spec.id),
    why: whyChanged(adopted.tier),
    needsHelper,
    helperRoot: root,
    ...(needsHelper && target.own !== undefined && { own: target.own }),
    runsAlone: file.agents.some((one) => one.kind === 'ci-job'),
    links: toLinks(adopted),
  };
  return [{ changed }];
}

/** What the code says of itself: one agent by its name, several by what starts them. */
function toTarget(file: TouchedFile, agent: PlannedAgent): Omit<Adoption, 'helperPath' | 'helperImport'> {
  const scopes = agent.scopes.map((one) => one.scope);
  const { actsFor, resource, spec } = agent;
  const target = { agent: spec.id, resource: resource.key, scopes, actsFor };
  if (file.agents.length === 1 || file.document.facts.format === 'shell') return target;
  const mixed = file.agents.some((one) => one.actsFor !== actsFor);
  const same = file.agents.every((one) =>
    isSame(
      one.scopes.map(({ scope }) => scope),
      scopes,
    ),
  );
  return {
    ...target,
    scopes: same ? scopes : [],
    actsFor: mixed ? 'user' : actsFor,
    own: { otherwise: holderOf(file)?.spec.id ?? null, mixed },
  };
}

/** The service in whose folder the shared file lies, or the script that it is: who starts it needs no name. */
function holderOf({ path, agents }: TouchedFile): PlannedAgent | undefined {
  const holders = agents.filter(({ consumer }) => {
    const [, kind, at = ''] = /^(code|script):(.*)$/.exec(consumer) ?? [];
    return kind === 'code' ? at === '.' || path.startsWith(`${at}/`) : kind === 'script' && path === at;
  });
  return holders.toSorted((a, b) => b.consumer.length - a.consumer.length)[0];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

function toLinks(adopted: Exclude<Adopted, { readonly refused: string }>): Links {
  const { changed = [], dropped = [], gives = [], exposes = [], types = [] } = adopted;
  return { changed, dropped, gives, exposes, types };
}

function whyChanged(tier: Tier | null): string {
  if (tier === null) return 'no longer checks for the old secret or hands it on';
  return tier === 'T1'
    ? 'sends the short-lived token as a bearer token'
    : 'asks the helper for a five-minute token';
}

function configEdits(file: TouchedFile, context: EditContext): readonly FileOutcome[] {
  const { document } = file;
  const edits: Edit[] = [];
  const outcomes: FileOutcome[] = [];
  let tier: Tier | null = null;
  const wrapped = wrapCommands(file, context);
  if (wrapped.edits.length > 0) tier = 'T1';
  edits.push(...wrapped.edits);
  outcomes.push(...wrapped.manual.map((step) => ({ manual: step })));
  const gone = entriesToRemove(file, context.secret);
  const jobs = toJobEdits(file, gone, context);
  const naming = nameAgents(file, gone, context);
  edits.push(...jobs.edits, ...naming.edits);
  for (const slot of gone) {
    const reason = 'replaced by an identity of its own, see agent-id.lock.json';
    const entries = [jobs, naming].flatMap(({ replaced }) => replaced.get(slot) ?? []);
    if (entries.length === 0) edits.push(...document.removeEntry(slot, reason));
    else edits.push(replaceEntry(file, slot, entries, reason));
  }
  if (edits.length > wrapped.edits.length) tier ??= 'T0';
  if (edits.length === 0) return outcomes;
  const agents = file.agents.map((one) => one.spec.id);
  const why = tier === 'T1' ? whyWrapped(file) : 'no longer holds or hands on the old secret';
  return [
    ...outcomes,
    {
      changed: {
        path: file.path,
        before: file.text,
        edits,
        tier,
        agents,
        why,
        needsHelper: wrapped.edits.length > 0 && isWorkflow(file.path),
        helperRoot: '',
        names: [...naming.named],
      },
    },
  ];
}

function replaceEntry(
  { text }: TouchedFile,
  { entry }: Slot,
  entries: readonly string[],
  reason: string,
): Edit {
  const start = lineStartAt(text, entry.start);
  const isOnOneLine = text.slice(start, entry.start).includes('{');
  const between = isOnOneLine ? ', ' : `${lineBreakOf(text)}${' '.repeat(entry.start - start)}`;
  const length = text.slice(entry.start, entry.end).trimEnd().length;
  return { span: { start: entry.start, end: entry.start + length }, text: entries.join(between), reason };
}

/** Cron and MCP clients start their commands in folders of their own: a path of the vendored helper would not hold. */
function whyWrapped({ path }: TouchedFile): string {
  const why = 'runs under agent-id exec';
  return isWorkflow(path) ? why : `${why}, which must be on PATH there`;
}

/** Entries that hold the value or hand it on under a name: `OKTA: ${{ secrets.OKTA_API_TOKEN }}`. */
function entriesToRemove(file: TouchedFile, secret: MappedSecret): readonly Slot[] {
  const { slots } = file.document.facts;
  const handing = new Set(usesOf(file, secret).flatMap((use) => use.slot ?? []));
  const held = new Set(file.literals.map((slot) => slot.span.start));
  const kept = new Set(
    file.staying.flatMap(({ places }) =>
      places.flatMap((place) => (place.path === file.path ? [place] : [])),
    ),
  );
  const lines = new Set([...kept].map((place) => place.startLine));
  return slots.filter((slot) => {
    if (lines.has(toLine(file.document.facts.lineStarts, slot.span.start))) return false;
    return held.has(slot.span.start) || (handing.has(slot.path) && isEntry(slot));
  });
}

/** A whole entry for one value, not a script in which the name occurs. */
function isEntry(slot: Slot): boolean {
  return !/(^|\.)(run|command|script|args)(\[\d+\])?$/.test(slot.path) && !slot.value.includes('\n');
}

export function usesOf(file: TouchedFile, secret: MappedSecret): readonly Use[] {
  return file.document.facts.uses.filter((use) => secret.names.includes(use.name));
}

function manual(file: TouchedFile, span: Span | undefined, why: string, agent?: PlannedAgent): FileOutcome {
  const what =
    agent === undefined
      ? 'Remove it, or tell what runs it.'
      : `Ask the helper for the token: agent ${agent.spec.id}, resource ${agent.resource.key}.`;
  const line = toLine(file.document.facts.lineStarts, span?.start ?? 0);
  return { manual: { path: file.path, line, agent: agent?.spec.id ?? null, why, what } };
}
