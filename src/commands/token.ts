import type { Command } from 'commander';
import { Option } from 'commander';
import type { Granted } from '../helper/open.ts';
import type { Io } from '../lib/io.ts';
import type { SubjectOptions } from '../helper/subject-options.ts';

interface TokenOptions extends SubjectOptions {
  readonly agent?: string;
  readonly resource: string;
  readonly scope: readonly string[];
  readonly format: 'raw' | 'json' | 'env' | 'github' | 'header';
  readonly env: string;
}

/** Declares `agent-id token`. */
export function addToken(program: Command, io: Io): void {
  program
    .command('token')
    .description('Get a short-lived token for one resource, on behalf of the user who signed in.')
    .option('--agent <agent>', 'agent in agent-id.lock.json (default: AGENT_ID_AGENT)')
    .requiredOption('--resource <resource>', 'name or URI of the resource')
    .option('--scope <scope...>', 'scopes (default: those in the lock file)', [])
    .option('--as-agent', 'act as the agent itself, without a user')
    .option('--subject-file <file>', "file with the user's token, - for standard input")
    .option('--subject-fd <n>', "open descriptor with the user's token")
    .option('--ask <user>', 'ask this user, who is not there, and wait for the answer')
    .option('--message <text>', 'what the user of --ask is told, 1 to 120 characters')
    .option('--wait <seconds>', 'how long to wait for the answer, at most 300 (the default)')
    .option('--env <name>', 'name of the variable for env and github', 'AGENT_ID_TOKEN')
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['raw', 'json', 'env', 'github', 'header'])
        .default('raw'),
    )
    .action((options: TokenOptions) => runToken(options, io));
}

async function runToken(options: TokenOptions, io: Io): Promise<void> {
  const [{ openAgent }, { readKeychain }, { readSubject, requireAgent, toScopes }] = await Promise.all([
    import('../helper/open.ts'),
    import('../lib/keychain.ts'),
    import('../helper/subject-options.ts'),
  ]);
  const opened = await openAgent(requireAgent(options.agent, io), {
    from: io.cwd,
    env: io.env,
    clock: io.clock,
    readKeychain,
    warn: (text) => io.stderr(`${text}\n`),
  });
  const { resource } = options;
  const purpose = { resource, scopes: toScopes(opened, resource, options.scope) };
  const subject = await readSubject(opened, options, { io, purpose });
  await printToken(await opened.token({ subject, ...purpose }), options, io);
}

async function printToken(granted: Granted, { format, env }: TokenOptions, io: Io): Promise<void> {
  const token = granted.token.open();
  switch (format) {
    case 'raw':
      return io.stdout(`${token}\n`);
    case 'header':
      return io.stdout(`Authorization: Bearer ${token}\n`);
    case 'env':
      return io.stdout(`${await requireName(env)}=${token}\n`);
    case 'json':
      return io.stdout(`${JSON.stringify(await toJson(granted, io), null, 2)}\n`);
    case 'github':
      return printForGithub(token, await requireName(env), io);
  }
}

async function toJson(granted: Granted, io: Io): Promise<object> {
  const [{ envelope }, { toTimestamp }] = await Promise.all([
    import('../output/version.ts'),
    import('../lib/clock.ts'),
  ]);
  return {
    ...envelope,
    access_token: granted.token.open(),
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((granted.expiresAt - io.clock()) / 1000)),
    expires_at: toTimestamp(granted.expiresAt),
    scope: granted.scopes.join(' '),
    resource: granted.resource.uri,
  };
}

/** The mask comes first: the runner must know it before anything can print the token. */
async function printForGithub(token: string, name: string, io: Io): Promise<void> {
  const { appendText } = await import('../lib/descriptor.ts');
  const { GITHUB_OUTPUT: output, GITHUB_ENV: variables } = io.env;
  if (output === undefined && variables === undefined) {
    const { AgentIdError } = await import('../model/error.ts');
    throw new AgentIdError('usage', 'there is neither GITHUB_OUTPUT nor GITHUB_ENV here', {
      hint: '--format github is for a step of GitHub Actions.',
    });
  }
  io.stdout(`::add-mask::${token}\n`);
  if (output !== undefined) await appendText(output, `token=${token}\n`);
  if (variables !== undefined) await appendText(variables, `${name}=${token}\n`);
}

async function requireName(name: string): Promise<string> {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  const { AgentIdError } = await import('../model/error.ts');
  throw new AgentIdError('usage', '--env takes the name of a variable');
}
