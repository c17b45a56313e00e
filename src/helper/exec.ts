import { runChild } from '../lib/child.ts';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';
import { oldNames } from './locked.ts';
import { openAgent, type Place } from './open.ts';
import { readSubject, requireAgent, toScopes, type SubjectOptions } from './subject-options.ts';

/** What `exec` is told by flags. */
export interface ExecOptions extends SubjectOptions {
  readonly agent?: string;
  /** `NAME=RESOURCE` or `NAME=RESOURCE#SCOPE,SCOPE`, each. */
  readonly env: readonly string[];
}

/** The exit code where no token could be had. */
export const OWN_FAILURE = 125;

/** One `--env NAME=RESOURCE#SCOPE,SCOPE`. */
interface Variable {
  readonly name: string;
  readonly resource: string;
  readonly scopes: readonly string[];
}

/**
 * Runs a command with tokens in its environment and sets `io.exitCode` to its own. `place.from` is where the lock file
 * is looked for. Throws an `AgentIdError` where there is no token, before the command runs.
 */
export async function execAs(
  words: readonly string[],
  options: ExecOptions,
  io: Io,
  place: Partial<Pick<Place, 'from' | 'readKeychain'>> = {},
): Promise<void> {
  const [command, ...args] = words;
  if (command === undefined) throw new AgentIdError('usage', 'name a command to run, after --');
  const env = await toEnvironment(options, io, { from: io.cwd, ...place });
  const complain = (why: string): void => io.stderr(`agent-id exec: ${command}: ${why}\n`);
  io.exitCode = await runChild({ command, args, cwd: io.cwd, env, interactive: io.interactive, complain });
}

async function toEnvironment(
  options: ExecOptions,
  io: Io,
  place: Pick<Place, 'from' | 'readKeychain'>,
): Promise<NodeJS.ProcessEnv> {
  const variables = options.env.map(parseVariable);
  const opened = await openAgent(requireAgent(options.agent, io), {
    ...place,
    env: io.env,
    clock: io.clock,
    warn: (text) => io.stderr(`${text}\n`),
  });
  const wanted = variables.map(({ name, resource, scopes }) => ({
    name,
    purpose: { resource, scopes: toScopes(opened, resource, scopes) },
  }));
  const [first, ...others] = wanted;
  if (options.ask !== undefined && others.length > 0)
    throw new AgentIdError('usage', 'a user is asked for one resource: give one --env with --ask');
  const purpose = first?.purpose ?? { resource: '', scopes: [] };
  const subject = await readSubject(opened, options, { io, purpose });
  const env = { ...io.env };
  // What the command used before, and where the user's own token lies, is no business of it any more.
  for (const name of await oldNames(opened.locked, place.from)) delete env[name];
  for (const name of ['AGENT_ID_SUBJECT_TOKEN_FILE', 'AGENT_ID_CI_TOKEN', 'AGENT_ID_CI_TOKEN_FILE'])
    delete env[name];
  for (const one of wanted) env[one.name] = (await opened.token({ subject, ...one.purpose })).token.open();
  return env;
}

function parseVariable(text: string): Variable {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^#\s]+)(?:#(\S+))?$/.exec(text);
  const [, name, resource, scopes] = match ?? [];
  if (name !== undefined && resource !== undefined) {
    return { name, resource, scopes: (scopes ?? '').split(',').filter((scope) => scope !== '') };
  }
  throw new AgentIdError('usage', '--env takes NAME=RESOURCE or NAME=RESOURCE#SCOPE,SCOPE', { where: text });
}
