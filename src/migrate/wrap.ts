import type { Command } from '../model/facts.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import type { EditContext, TouchedFile } from './edits.ts';
import { isUnderExec, isWorkflow, vendoredProgram } from './ci-job.ts';
import { toLine, type Edit } from '../model/place.ts';

interface Wrapped {
  readonly edits: readonly Edit[];
  readonly manual: readonly ManualStep[];
}

/**
 * Puts `agent-id exec` in front of each command of a configuration file that runs a consumer (tier T1). Only
 * inserts; the command itself stays as it is.
 */
export function wrapCommands(file: TouchedFile, context: EditContext): Wrapped {
  const edits: Edit[] = [];
  const manual: ManualStep[] = [];
  for (const command of file.document.facts.commands) {
    if (isUnderExec(command)) continue;
    const agent = runnerOf(command, file, context);
    if (agent === undefined || context.adopted.has(agent.spec.id)) continue;
    const edit =
      file.document.facts.format === 'json'
        ? wrapJson(file, command, agent, context)
        : wrapShell(command, agent, { ...context, file });
    if (edit !== undefined) edits.push(...edit);
    else {
      manual.push({
        path: file.path,
        line: toLine(file.document.facts.lineStarts, command.span.start),
        agent: agent.spec.id,
        why: 'this command cannot be wrapped without changing its meaning',
        what: `Run it as: ${execWords(agent, context).join(' ')} COMMAND`,
      });
    }
  }
  return { edits, manual };
}

/** Finds the agent whose consumer a command starts: by the file that it runs, or by the entry that it is. */
function runnerOf(command: Command, file: TouchedFile, context: EditContext): PlannedAgent | undefined {
  if (file.document.facts.format === 'dockerfile' || isContainer(command)) return undefined;
  const paths = command.argv.map((word) => word.replace(/^\.\//, '')).filter((word) => /[./]/.test(word));
  // Longer paths first: of two files of one name, the folder tells which is meant.
  const owned = [...context.consumerFiles].toSorted(([a], [b]) => b.length - a.length);
  const runnerWhere = (isMeant: (path: string, word: string) => boolean): PlannedAgent | undefined =>
    owned
      .filter(([path]) => paths.some((word) => isMeant(path, word)))
      .flatMap(([, agents]) => agents)
      .find((one) => one.kind !== 'code' && file.agents.includes(one));
  return (
    runnerWhere((path, word) => path === word) ??
    runnerWhere((path, word) => word.endsWith(`/${path}`)) ??
    runnerWhere((path, word) => path.endsWith(`/${word}`)) ??
    file.agents.find(({ consumer }) => consumer === serverOf(command, file))
  );
}

/** Gives the id of the consumer that an entry of an MCP client's configuration is. */
function serverOf({ slot }: Command, { path }: TouchedFile): string | undefined {
  const key = /^(?:mcpServers|(?:mcp\.)?servers|context_servers)(?:\.([^.[]+)|\["((?:[^"\\]|\\.)*)"\])/.exec(
    slot ?? '',
  );
  return key === null ? undefined : `mcp-server:${path}#${key[1] ?? key[2]}`;
}

function isContainer(command: Command): boolean {
  return command.slot?.startsWith('services.') === true;
}

function wrapShell(
  command: Command,
  agent: PlannedAgent,
  context: EditContext & { readonly file?: TouchedFile },
): readonly Edit[] {
  const { file } = context;
  const at = command.span.start;
  const [own, ...words] = execWords(agent, context);
  const program = file !== undefined && isWorkflow(file.path) ? vendoredProgram(file, command) : [own];
  const text = `${[...program, ...words].join(' ')} `;
  return [{ span: { start: at, end: at }, text, reason: `runs as ${agent.spec.displayName}` }];
}

/** MCP clients split command and arguments: the old command becomes the first argument after `--`. */
function wrapJson(
  file: TouchedFile,
  command: Command,
  agent: PlannedAgent,
  context: EditContext,
): readonly Edit[] | undefined {
  const { slots } = file.document.facts;
  const base = (command.slot ?? '').replace(/\.command$/, '');
  const program = slots.find((slot) => slot.path === `${base}.command`);
  if (program === undefined) return wrapScriptString(command, agent, context);
  const [first, ...rest] = [...execWords(agent, context), program.value];
  const words = rest.map((word) => JSON.stringify(word)).join(', ');
  const argument = slots.find((slot) => slot.path === `${base}.args[0]`);
  const reason = `runs as ${agent.spec.displayName}`;
  const replaced = file.document.setValue(program, first ?? 'agent-id', reason);
  if (argument === undefined) return undefined;
  const at = argument.entry.start;
  return [replaced, { span: { start: at, end: at }, text: `${words}, `, reason }];
}

/** package.json scripts: the words that we insert need no escape in JSON. */
function wrapScriptString(
  command: Command,
  agent: PlannedAgent,
  context: EditContext,
): readonly Edit[] | undefined {
  return command.slot?.startsWith('scripts.') === true ? wrapShell(command, agent, context) : undefined;
}

function execWords(agent: PlannedAgent, context: EditContext): readonly string[] {
  const scopes = agent.scopes.map((one) => one.scope).join(',');
  const name = context.secret.names[0] ?? 'TOKEN';
  return [
    'agent-id',
    'exec',
    '--agent',
    agent.spec.id,
    ...(agent.actsFor === 'itself' ? ['--as-agent'] : []),
    '--env',
    `${name}=${agent.resource.key}#${scopes}`,
    '--',
  ];
}
