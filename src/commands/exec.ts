import type { Command } from 'commander';
import type { ExecOptions } from '../helper/exec.ts';
import type { Io } from '../lib/io.ts';
import { collect } from './shared/collect.ts';

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
    .option('--ask <user>', 'ask this user, who is not there, and wait for the answer (one --env)')
    .option('--message <text>', 'what the user of --ask is told, 1 to 120 characters')
    .option('--wait <seconds>', 'how long to wait for the answer, at most 300 (the default)')
    .passThroughOptions()
    .addHelpText(
      'after',
      "\nEnds with the command's own code, 128+n on signal n, 125 when no token could be had,\n126 when the command cannot be executed, 127 when it is not there.",
    )
    .action((command: string[], options: ExecOptions) => runExec(command, options, io));
}

async function runExec(words: readonly string[], options: ExecOptions, io: Io): Promise<void> {
  const [{ OWN_FAILURE, execAs }, { readKeychain }, { AgentIdError }] = await Promise.all([
    import('../helper/exec.ts'),
    import('../lib/keychain.ts'),
    import('../model/error.ts'),
  ]);
  try {
    await execAs(words, options, io, { readKeychain });
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    const { renderError } = await import('../output/error.ts');
    io.stderr(renderError(error));
    io.exitCode = OWN_FAILURE;
  }
}
