import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { collect } from './shared/collect.ts';
import { withKeyStore } from './shared/key-flags.ts';
import type { ApproveOptions, EnrollOptions } from './shared/enroll.ts';

/** Declares `agent-id agents enroll | code | approve`, below the verb that it is given. */
export function addEnroll(agents: Command, io: Io): void {
  withKeyStore(withFormat(agents.command('enroll <agent>')), 'your settings, else a file')
    .description('Make a key for an agent on this machine and register its public half.')
    .option('--name <machine>', 'what to call this machine (default: its host name)')
    .option('--device', 'without rights at the provider: wait until an administrator approves this machine')
    .option('--code-stdin', 'the same by a one-time code (agents code) on standard input')
    .option(
      '--ci <issuer>',
      'no key: let CI jobs be the agent whose token this issuer signed (needs --claim)',
    )
    .option('--claim <name=value>', 'what the token of such a job must say; repeatable', collect, [])
    .action(async (agent: string, options: EnrollOptions) => {
      const { runEnroll } = await import('./shared/enroll.ts');
      await runEnroll(agent, options, io);
    });
  // How helper.mjs, which has no dependencies, reaches the OS keychain.
  agents
    .command('sign <thumbprint>', { hidden: true })
    .description('Sign standard input with a key of the OS keychain.')
    .action(async (thumbprint: string) => {
      const { runSign } = await import('./shared/sign.ts');
      await runSign(thumbprint, io);
    });
  withFormat(agents.command('code <agent>'))
    .description('Make a one-time code of ten minutes, with which another machine enrolls.')
    .action(async (agent: string, options: EnrollOptions) => {
      const { runCode } = await import('./shared/enroll.ts');
      await runCode(agent, options, io);
    });
  withFormat(agents.command('approve <code>'))
    .description('Let in the machine that waits with this code (agents enroll --device).')
    .option('--idp <name>', 'trusted identity provider (default: that of AGENT_ID_ISSUER, or the only one)')
    .option('--yes', 'do not ask: you compared the key')
    .option('--deny', 'turn it away')
    .action(async (code: string, options: ApproveOptions) => {
      const { runApprove } = await import('./shared/enroll.ts');
      await runApprove(code, options, io);
    });
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'),
  );
}
