import { Argument, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import type { Shell } from './shared/completion.ts';

/** Declares `agent-id completion`. */
export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('Print what makes a shell complete verbs, flags and their values.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nbash, in ~/.bashrc:               eval "$(agent-id completion bash)"\nzsh, in ~/.zshrc after compinit:  eval "$(agent-id completion zsh)"\nfish:                             agent-id completion fish > ~/.config/fish/completions/agent-id.fish',
    )
    .action(async (shell: Shell) => {
      const { runCompletion } = await import('./shared/completion.ts');
      await runCompletion(shell, program, io);
    });
}
