import { lineBreakOf, lineStartAt } from '../formats/lines.ts';
import type { Consumer } from '../model/consumer.ts';
import type { Command, Slot } from '../model/facts.ts';
import type { Edit } from '../model/place.ts';
import type { PlannedAgent } from '../model/plan.ts';
import type { EditContext, FileEdits, TouchedFile } from './edits.ts';
import { belowHeader, firstOfEach, partOf, partsIn } from './part.ts';

const variable = 'AGENT_ID_AGENT';

export interface Naming {
  /** What stands in place of an entry of the old secret. */
  readonly replaced: ReadonlyMap<Slot, string>;
  readonly edits: readonly Edit[];
  /** Ids of the agents that the file names afterwards. */
  readonly named: ReadonlySet<string>;
}

/**
 * Lets a configuration file say to each process which agent it is, where its code is shared with others: in place of
 * the old secret, else in a new entry of its job, service or server.
 */
export function nameAgents(file: TouchedFile, gone: readonly Slot[], context: EditContext): Naming {
  const replaced = new Map<Slot, string>();
  const edits: Edit[] = [];
  const named = new Set<string>();
  for (const agent of file.agents.filter(({ spec }) => context.naming.has(spec.id))) {
    const consumer = context.secret.consumers.find((one) => one.id === agent.consumer);
    if (consumer === undefined) continue;
    const commands = commandsOf(file, consumer).map((command) => namedCommand(command, agent));
    edits.push(...commands);
    if (commands.length > 0) named.add(agent.spec.id);
    for (const part of partsFor(file, consumer)) {
      const own = slotsOf(file, part);
      const handed = firstOfEach(own.filter((slot) => gone.includes(slot) && isEnv(slot.path)));
      for (const slot of handed) replaced.set(slot, entryFor(file, slot, agent));
      const isThere = own.some((slot) => slot.name === variable && slot.value === agent.spec.id);
      const added = isThere || handed.length > 0 ? undefined : newEntry(file, { part, own, gone, agent });
      if (added !== undefined) edits.push(added);
      if (isThere || handed.length > 0 || added !== undefined) named.add(agent.spec.id);
    }
  }
  return { replaced, edits, named };
}

/** The commands of a cron line that run programs: all that start a file of code, else the first. */
function commandsOf({ path, document }: TouchedFile, { places }: Consumer): readonly Command[] {
  if (document.facts.format !== 'crontab') return [];
  const slots = new Set(places.flatMap((place) => (place.path === path ? (place.slot ?? []) : [])));
  const own = document.facts.commands.filter(
    ({ slot = '', argv }) => slots.has(slot) && !/^(cd|\.|source|export|set|test|\[|:)$/.test(argv[0] ?? ''),
  );
  const code = own.filter(({ argv }) => argv.some((word) => /\.(py|[cm]?[jt]sx?|go|sh)$/.test(word)));
  return code.length > 0 ? code : own.slice(0, 1);
}

/** Cron has a shell run its lines, which takes a variable before a command. */
function namedCommand({ span }: Command, { spec }: PlannedAgent): Edit {
  const reason = `runs as ${spec.displayName}`;
  return { span: { start: span.start, end: span.start }, text: `${variable}=${spec.id} `, reason };
}

/** A file without such parts that only one consumer has is all its own. */
function partsFor(file: TouchedFile, consumer: Consumer): readonly string[] {
  const parts = [...partsIn(file.path, consumer)];
  const isAlone = file.agents.length + file.staying.length === 1;
  const hasParts = file.document.facts.slots.some((slot) => partOf(slot.path) !== undefined);
  return parts.length === 0 && isAlone && !hasParts ? [''] : parts;
}

function slotsOf({ document }: TouchedFile, part: string): readonly Slot[] {
  return document.facts.slots.filter((slot) => part === '' || slot.path.startsWith(`${part}.`));
}

function isEnv(path: string): boolean {
  return /(^|\.)(env|environment)(\.[^.]+|\[\d+\](\..+)?)$/.test(path);
}

/** Writes an entry in the form of the one that it replaces. */
function entryFor({ document, text }: TouchedFile, { path, entry }: Slot, { spec }: PlannedAgent): string {
  if (document.facts.format === 'json') return `${JSON.stringify(variable)}: ${JSON.stringify(spec.id)}`;
  if (path.endsWith(']')) return `${variable}=${spec.id}`;
  const value = toScalar(spec.id);
  if (!/\[\d+\]\./.test(/(env|environment)[^.]*\..+$/.exec(path)?.[0] ?? '')) return `${variable}: ${value}`;
  const indent = ' '.repeat(entry.start - lineStartAt(text, entry.start));
  return `name: ${variable}${lineBreakOf(text)}${indent}value: ${value}`;
}

/** Some ids are words or numbers to YAML. */
function toScalar(id: string): string {
  return /^(\d[\d.e]*|true|false|null|yes|no|on|off|y|n)$/.test(id) ? JSON.stringify(id) : id;
}

interface Part {
  readonly part: string;
  readonly own: readonly Slot[];
  readonly gone: readonly Slot[];
  readonly agent: PlannedAgent;
}

function newEntry(file: TouchedFile, at: Part): Edit | undefined {
  const reason = `the process says that it is ${at.agent.spec.displayName}`;
  if (file.document.facts.format === 'json') return inServer(file, at, reason);
  return file.document.facts.format === 'yaml' ? inYaml(file, at, reason) : undefined;
}

function inYaml(
  { document, text }: TouchedFile,
  { part, own, gone, agent }: Part,
  reason: string,
): Edit | undefined {
  const key = part.startsWith('jobs.') ? 'env' : part.startsWith('services.') ? 'environment' : undefined;
  if (key === undefined) return undefined;
  const there = own.filter(
    ({ path }) => path.startsWith(`${part}.${key}.`) || path.startsWith(`${part}.${key}[`),
  );
  const beside = there.findLast((slot) => !gone.includes(slot) && isEnv(slot.path));
  if (beside !== undefined) {
    const isOnOneLine = text.slice(lineStartAt(text, beside.entry.start), beside.entry.start).includes('{');
    const { end } = beside.span;
    if (!isOnOneLine) return document.insertEntry(beside, variable, agent.spec.id, reason);
    return { span: { start: end, end }, text: `, ${variable}: ${toScalar(agent.spec.id)}`, reason };
  }
  const first = own[0];
  const below =
    first === undefined || there.length > 0 ? undefined : belowHeader(text, part, first.entry.start);
  if (below === undefined) return undefined;
  const { at, indent } = below;
  const end = lineBreakOf(text);
  const lines = [`${indent}${key}:`, `${indent}  ${variable}: ${toScalar(agent.spec.id)}`];
  return { span: { start: at, end: at }, text: lines.map((line) => `${line}${end}`).join(''), reason };
}

/** A server without `env` gets one behind its command. */
function inServer(
  { document }: TouchedFile,
  { part, own, gone, agent }: Part,
  reason: string,
): Edit | undefined {
  const there = own.filter(({ path }) => path.startsWith(`${part}.env.`));
  const beside = there.find((slot) => !gone.includes(slot));
  if (beside !== undefined) return document.insertEntry(beside, variable, agent.spec.id, reason);
  const command = own.find(({ path }) => path === `${part}.command`);
  if (there.length > 0 || command === undefined) return undefined;
  const { end } = command.entry;
  const text = `, "env": { ${JSON.stringify(variable)}: ${JSON.stringify(agent.spec.id)} }`;
  return { span: { start: end, end }, text, reason };
}

/** Says in a Dockerfile who the service is, before what starts it. */
export function nameInImage(path: string, text: string, { spec }: PlannedAgent): readonly FileEdits[] {
  const start = [...text.matchAll(/^[ \t]*(CMD|ENTRYPOINT)\b/gim)].at(-1)?.index;
  if (start === undefined) return [];
  const line = `ENV ${variable}=${spec.id}${lineBreakOf(text)}`;
  const reason = `the process says that it is ${spec.displayName}`;
  return [
    {
      path,
      before: text,
      edits: [{ span: { start, end: start }, text: line, reason }],
      tier: null,
      agents: [spec.id],
      why: 'says which agent the service is',
      needsHelper: false,
      helperRoot: '',
      names: [spec.id],
    },
  ];
}
