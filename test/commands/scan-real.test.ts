import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../src/cli.ts';
import type { Io } from '../../src/lib/io.ts';

/** What reading real repositories showed; see docs/real-repositories.md. */
it('reads the variables of clap, and takes no switch for a secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-id-real-'));
  let out = '';
  const io: Io = {
    stdout: (text) => (out += text),
    stderr: () => undefined,
    cwd: folder,
    env: { HOME: folder },
    interactive: false,
    color: false,
    clock: () => 0,
    stdin: () => Promise.resolve(''),
    exitCode: 0,
  };
  try {
    writeFileSync(
      join(folder, 'options.rs'),
      'struct Options {\n  #[arg(long = "token", env = "AUTHENTIK_TOKEN")]\n  token: SecretString,\n}\n',
    );
    writeFileSync(
      join(folder, 'main.go'),
      'package main\n\nimport "os"\n\nvar a, b = os.Getenv("OKTA_INFO_API_TOKEN"), os.Getenv("OKTA_INFO_USE_1PASSWORD")\n',
    );
    await runCli(['scan', '--format', 'json'], io);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const { findings } = JSON.parse(out) as { findings: readonly { readonly name: string }[] };
  expect(findings.map((one) => one.name).toSorted()).toEqual(['AUTHENTIK_TOKEN', 'OKTA_INFO_API_TOKEN']);
});
