import { join } from 'node:path';
import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';

/** Declares `agent-id init`. */
export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .description('Write a commented settings file with a salt of its own.')
    .action(async () => {
      const { configName, newConfigText } = await import('../lib/config.ts');
      const { readTextIfThere, writeWhole } = await import('../lib/files.ts');
      const { gitTop } = await import('../lib/git.ts');
      const path = join((await gitTop(io.cwd)) ?? io.cwd, configName);
      if ((await readTextIfThere(path)) !== undefined) {
        throw new AgentIdError('conflict', 'there are settings already', {
          where: path,
          hint: 'Edit that file; its salt must stay.',
        });
      }
      await writeWhole(path, newConfigText(), 0o644);
      io.stderr(`Written: ${path}. Commit it.\n`);
    });
}
