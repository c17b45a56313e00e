import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, runCli, type Ran, type World } from './world.ts';

const canLimit = process.platform !== 'win32' && spawnSync('sh', ['-c', 'ulimit -f 1']).status === 0;
if (!canLimit) process.stderr.write('skipped: no ulimit here, so no disk can be full\n');

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

/** Runs with no file allowed to grow beyond some blocks of 512 bytes; the provider, in this process, is not limited. */
function limited(blocks: number, args: readonly string[]): Promise<Ran> {
  const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
  const script = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  const env = { HOME: world.home, AGENT_ID_HOME: world.home };
  return runCli(args, { cwd: world.root, input: '', env }, [
    'sh',
    '-c',
    script,
    'sh',
    process.execPath,
    program,
  ]);
}

function tree(): Readonly<Record<string, string>> {
  const names = readdirSync(world.root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('.git/') && statSync(join(world.root, name)).isFile(),
  );
  const told = (name: string): string =>
    `${statSync(join(world.root, name)).mode} ${readFileSync(join(world.root, name), 'latin1')}`;
  return Object.fromEntries(names.sort().map((name) => [name, told(name)]));
}

function registered(): unknown {
  const { agents } = JSON.parse(readFileSync(join(world.home, 'embedded-idp/idp.json'), 'utf8')) as {
    agents: unknown;
  };
  return agents;
}

const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes', '--allow-dirty'];

describe.skipIf(!canLimit)('a disk that is full during a migration', () => {
  it.each([0, 1, 4, 16, 48, 96])(
    'leaves nothing half done at %d blocks a file, and says so; then it can be done',
    async (blocks) => {
      const before = [tree(), registered()];
      const { code, stderr } = await limited(blocks, migrate);
      const open = (await world.run(['migrate', '--status'])).stdout.includes('--rollback');
      if (open) expect((await world.run(['migrate', '--rollback'])).code).toBe(0);
      expect([code, stderr]).toEqual([2, expect.stringContaining('error[unwritable]')]);
      expect([tree(), registered()]).toEqual(before);
    },
    60_000,
  );

  it('is no hindrance once there is space', async () => {
    const { code, stderr } = await world.run(migrate);
    expect(code, stderr).toBe(0);
  }, 60_000);
});
