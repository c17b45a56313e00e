import { parseArgs } from 'node:util';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';
import { renderError, toErrorJson } from '../output/error.ts';
import { execAs, OWN_FAILURE } from './exec.ts';
import { openAgent } from './open.ts';
import { readSubject, requireAgent, toScopes, type SubjectOptions } from './subject-options.ts';

const flags = {
  agent: { type: 'string' },
  'as-agent': { type: 'boolean' },
  'subject-file': { type: 'string' },
  'subject-fd': { type: 'string' },
  ask: { type: 'string' },
  message: { type: 'string' },
  wait: { type: 'string' },
} as const;

const verbs: Readonly<Record<string, (args: readonly string[], io: Io, from: string) => Promise<void>>> = {
  exec,
  token,
};

/**
 * Runs `exec` and `token` of the command line from the vendored helper, for machines on which nothing is installed. The
 * lock file is looked for from `from` upward. Sets `io.exitCode`.
 */
export async function runProgram(
  [verb = '', ...args]: readonly string[],
  io: Io,
  from: string,
): Promise<void> {
  try {
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (run === undefined)
      throw new AgentIdError('usage', 'the helper knows exec and token', {
        hint: 'All verbs: agent-id --help',
      });
    await run(args, io, from);
  } catch (error) {
    const known =
      error instanceof AgentIdError
        ? error
        : new AgentIdError('internal', 'something went wrong inside agent-id', { cause: error });
    if (args.includes('json') && verb === 'token') io.stdout(`${JSON.stringify(toErrorJson(known))}\n`);
    else io.stderr(renderError(known));
    io.exitCode = verb === 'exec' ? OWN_FAILURE : 2;
  }
}

async function exec(args: readonly string[], io: Io, from: string): Promise<void> {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...args],
      options: { ...flags, env: { type: 'string', multiple: true } },
      allowPositionals: true,
    }),
  );
  await execAs(positionals, { ...toSubject(values), env: values.env ?? [] }, io, { from });
}

async function token(args: readonly string[], io: Io, from: string): Promise<void> {
  const options = {
    ...flags,
    resource: { type: 'string' },
    scope: { type: 'string', multiple: true },
    format: { type: 'string' },
  } as const;
  const { values } = parsed(() => parseArgs({ args: [...args], options }));
  const { resource, scope = [], format = 'raw' } = values;
  if (resource === undefined)
    throw new AgentIdError('usage', 'name the resource', { hint: 'With --resource.' });
  if (format !== 'raw' && format !== 'json')
    throw new AgentIdError('usage', '--format of the helper is raw or json');
  const chosen = toSubject(values);
  const opened = await openAgent(requireAgent(chosen.agent, io), { from, env: io.env, clock: io.clock });
  const purpose = { resource, scopes: toScopes(opened, resource, scope) };
  const subject = await readSubject(opened, chosen, { io, purpose });
  const granted = await opened.token({ subject, ...purpose });
  const answer = {
    access_token: granted.token.open(),
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((granted.expiresAt - io.clock()) / 1000)),
    resource: granted.resource.uri,
  };
  io.stdout(format === 'raw' ? `${answer.access_token}\n` : `${JSON.stringify(answer)}\n`);
}

interface Chosen extends SubjectOptions {
  readonly agent?: string;
}

function toSubject(values: {
  readonly agent?: string | undefined;
  readonly 'as-agent'?: boolean | undefined;
  readonly 'subject-file'?: string | undefined;
  readonly 'subject-fd'?: string | undefined;
  readonly ask?: string | undefined;
  readonly message?: string | undefined;
  readonly wait?: string | undefined;
}): Chosen {
  const { agent, ask, message, wait, ...dashed } = values;
  const { 'as-agent': asAgent, 'subject-file': subjectFile, 'subject-fd': subjectFd } = dashed;
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(ask === undefined ? {} : { ask }),
    ...(message === undefined ? {} : { message }),
    ...(wait === undefined ? {} : { wait }),
    ...(asAgent === undefined ? {} : { asAgent }),
    ...(subjectFile === undefined ? {} : { subjectFile }),
    ...(subjectFd === undefined ? {} : { subjectFd }),
  };
}

/** Says a wrong flag in our own words; what was given is not repeated, as it may be a secret. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new AgentIdError('usage', 'a flag is unknown or has no value', { cause: error });
  }
}
