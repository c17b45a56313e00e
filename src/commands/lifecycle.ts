import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { collect } from './shared/collect.ts';
import { withKeyStore } from './shared/key-flags.ts';
import type { GcOptions } from './shared/gc.ts';
import type { RegisterOptions } from './shared/register.ts';
import type { ReviewOptions } from './shared/review.ts';
import type { RotateOptions } from './shared/rotate.ts';

/** Declares `agent-id agents register | rotate | review | gc`, below the verb that they are given. */
export function addLifecycle(agents: Command, io: Io): void {
  withFormat(agents.command('register <file>'))
    .description(
      'Register agents that a JSON file describes (agents.ID.{actsFor,displayName,owner,resources}), make their keys here, and write the lock file. Safe to repeat.',
    )
    .option('--idp <name>', 'trusted identity provider (default: that of AGENT_ID_ISSUER, or the only one)')
    .option('--dry-run', 'only say what would change; exits with 1 where something would')
    .action(async (file: string, options: RegisterOptions) => {
      const { runRegister } = await import('./shared/register.ts');
      await runRegister(file, options, io);
    });
  withKeyStore(withFormat(agents.command('rotate <agent>')), 'what holds it now')
    .description(
      'Replace the key of this machine: add the new one, prove it at the token endpoint, swap, remove the old one. Run it again after a break. In ssh-agent, or behind a program of yours, you make the new one.',
    )
    .option('--overlap <duration>', 'how long both keys are good: 5s, 10m', '5s')
    .action(async (agent: string, options: RotateOptions) => {
      const { runRotate } = await import('./shared/rotate.ts');
      await runRotate(agent, options, io);
    });
  withFormat(agents.command('review [agents...]'))
    .description(
      'Review what agents may do: keep, narrow or revoke, by questions or by a file; each decision is done and recorded in the audit log.',
    )
    .option(
      '--export <[format=]file>',
      'write what there is to review: csv, json, html; repeatable',
      collect,
      [],
    )
    .option(
      '--decisions <file>',
      'a filled-in export (- for stdin): a decision for every scope of an agent, or for none',
    )
    .option('--reviewer <name>', 'who decides (default: the user of this machine)')
    .option('--check', 'for CI, without network: exit with 1 where a review is missing or too old')
    .option('--max-age <duration>', 'when a review is too old', '90d')
    .action(async (ids: readonly string[], options: ReviewOptions) => {
      const { runReview } = await import('./shared/review.ts');
      await runReview(ids, options, io);
    });
  withFormat(agents.command('gc'))
    .description(
      'Find applications with our marker that no lock file knows, and agents whose application is gone; remove what you choose.',
    )
    .option('--lock <file>', 'lock file of another repository of the same providers; repeatable', collect, [])
    .option('--only <id>', 'remove only this client id, or agent; repeatable', collect, [])
    .option('--dry-run', 'only show')
    .option(
      '--yes',
      'do not ask; an application goes only where --only names it, or its last token is 30 days old',
    )
    .action(async (options: GcOptions) => {
      const { runGc } = await import('./shared/gc.ts');
      await runGc(options, io);
    });
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'),
  );
}
