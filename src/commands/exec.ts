import type { Command } from 'commander';
import type { OpenAgent } from '../helper/open.ts';
import type { Io } from '../lib/io.ts';
import type { SubjectOptions } from './shared/subject-options.ts';

interface ExecOptions extends SubjectOptions {
  readonly agent?: string;
  readonly env: readonly string[];
}

/** One `--env NAME=RESOURCE#SCOPE,SCOPE`. */
interface Variable {
  readonly name: string;
  readonly resource: string;
  readonly scopes: readonly string[];
}

const OWN_FAILURE = 125;

/** Declares `agent-id exec`. */
export function addExec(program: Command, io: Io): void {
  program
    .command('exec')
    .description('Run a command with short-lived tokens in its environment.')
    .usage('--agent A --env NAME=RESOURCE[#SCOPE,SCOPE…] … [--as-agent] -- CMD ARG…')
    .argument('[command...]', 'command and its arguments, after --')
    .option('--agent <agent>', 'agent in agent-id.lock.json (default: AGENT_ID_AGENT)')
    .option('--env <name=resource>', 'variable that gets a token, repeatable', collect, [])
    .option('--as-agent', 'act as the agent itself, without a user')
    .option('--subject-file <file>', "file with the user's token")
    .option('--subject-fd <n>', "open descriptor with the user's token")
    .passThroughOptions()
    .addHelpText(
      'after',
      "\nEnds with the command's own code, 128+n on signal n, 125 when no token could be had,\n126 when the command cannot be executed, 127 when it is not there.",
    )
    .action((command: string[], options: ExecOptions) => runExec(command, options, io));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function runExec(words: readonly string[], options: ExecOptions, io: Io): Promise<void> {
  const [{ AgentIdError }, { runChild }] = await Promise.all([
    import('../model/error.ts'),
    import('../lib/child.ts'),
  ]);
  const [command, ...args] = words;
  try {
    if (command === undefined) throw new AgentIdError('usage', 'name a command to run, after --');
    const env = await toEnvironment(options, io);
    io.exitCode = await runChild({ command, args, cwd: io.cwd, env, interactive: io.interactive });
    if (io.exitCode === 127 || io.exitCode === 126)
      io.stderr(`agent-id exec: ${command}: ended with ${io.exitCode}\n`);
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    const { renderError } = await import('../output/error.ts');
    io.stderr(renderError(error));
    io.exitCode = OWN_FAILURE;
  }
}

async function toEnvironment(options: ExecOptions, io: Io): Promise<NodeJS.ProcessEnv> {
  const [{ openAgent }, { oldNames }, { readSubject, requireAgent, toScopes }] = await Promise.all([
    import('../helper/open.ts'),
    import('../helper/locked.ts'),
    import('./shared/subject-options.ts'),
  ]);
  const variables = await Promise.all(options.env.map(parseVariable));
  const id = requireAgent(options.agent, io);
  const opened: OpenAgent = await openAgent(id, {
    from: io.cwd,
    env: io.env,
    clock: io.clock,
    warn: (text) => io.stderr(`${text}\n`),
  });
  const subject = await readSubject(opened, options, io);
  const env = { ...io.env };
  // What the command used before, and where the user's own token lies, is no business of it any more.
  for (const name of await oldNames(opened.locked, io.cwd)) delete env[name];
  for (const name of ['AGENT_ID_SUBJECT_TOKEN_FILE', 'AGENT_ID_CI_TOKEN', 'AGENT_ID_CI_TOKEN_FILE'])
    delete env[name];
  for (const { name, resource, scopes } of variables) {
    const wanted = { subject, resource, scopes: toScopes(opened, resource, scopes) };
    env[name] = (await opened.token(wanted)).token.open();
  }
  return env;
}

async function parseVariable(text: string): Promise<Variable> {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^#\s]+)(?:#(\S+))?$/.exec(text);
  const [, name, resource, scopes] = match ?? [];
  if (name !== undefined && resource !== undefined) {
    return { name, resource, scopes: (scopes ?? '').split(',').filter((scope) => scope !== '') };
  }
  const { AgentIdError } = await import('../model/error.ts');
  throw new AgentIdError('usage', '--env takes NAME=RESOURCE or NAME=RESOURCE#SCOPE,SCOPE', { where: text });
}
