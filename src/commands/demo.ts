import { Option, type Command } from 'commander';
import type { DemoIdp } from '../demo/run.ts';
import type { Io } from '../lib/io.ts';

/** Declares `agent-id demo`. */
export function addDemo(program: Command, io: Io): void {
  program
    .command('demo')
    .description(
      'Watch the whole story on a made-up estate: real programs, real HTTP, every claim checked. Takes under a minute.',
    )
    .addOption(
      new Option('--idp <idp>', 'where identities live; a real Keycloak needs Java 17 and Maven')
        .choices(['embedded', 'keycloak'])
        .default('embedded'),
    )
    .action(async ({ idp }: { readonly idp: DemoIdp }) => {
      const { runDemo } = await import('../demo/run.ts');
      const { shippedPath } = await import('../lib/shipped.ts');
      const paths = { templates: shippedPath('estate'), program: shippedPath('bin/agent-id.cjs') };
      await runDemo(io, paths, idp);
    });
}
