import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';

/** Declares `agent-id demo`. */
export function addDemo(program: Command, io: Io): void {
  program
    .command('demo')
    .description(
      'Watch the whole story on a made-up estate: real programs, real HTTP, every claim checked. Takes under a minute.',
    )
    .action(async () => {
      const { runDemo } = await import('../demo/run.ts');
      await runDemo(io, { templates: find('estate'), program: find('bin/agent-id.cjs') });
    });
}

/** Built code lies in `dist/` or `dist/chunks/`, sources in `src/commands/`. */
function find(name: string): string {
  const places = [`./${name}`, `../${name}`, `../../${name}`, `../demo/${name}`];
  const found = places
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((path) => existsSync(path));
  return found ?? name;
}
