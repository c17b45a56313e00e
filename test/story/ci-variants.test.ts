import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openWorld, type World } from './world.ts';

interface Job {
  readonly permissions?: unknown;
  readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
}

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

function step(extra = ''): string {
  return `    steps:\n      - run: ./scripts/list-groups.sh\n${extra}        env:\n          OKTA_API_TOKEN: \${{ secrets.OKTA_API_TOKEN }}\n`;
}

/** One workflow a shape, all of them migrated at once. */
const shapes: readonly (readonly [name: string, text: string, permissions: unknown, run: RegExp])[] = [
  [
    'one-line',
    `on: push\njobs:\n  one-line:\n    runs-on: ubuntu-latest\n    permissions: { contents: read }\n${step()}`,
    { contents: 'read', 'id-token': 'write' },
    /^node agent-id\/helper\.mjs exec /,
  ],
  [
    'none-said',
    `on: push\njobs:\n  none-said:\n    runs-on: ubuntu-latest\n${step()}`,
    { contents: 'read', 'id-token': 'write' },
    /^node agent-id\/helper\.mjs exec /,
  ],
  [
    'takes-none',
    `on: push\npermissions: {}\njobs:\n  takes-none:\n    runs-on: ubuntu-latest\n${step()}`,
    { 'id-token': 'write' },
    /^node agent-id\/helper\.mjs exec /,
  ],
  [
    'uses-token',
    `on: push\njobs:\n  uses-token:\n    runs-on: ubuntu-latest\n    env:\n      GH: \${{ secrets.GITHUB_TOKEN }}\n${step()}`,
    undefined,
    /^node agent-id\/helper\.mjs exec /,
  ],
  [
    'all-read',
    `on: push\npermissions: read-all\njobs:\n  all-read:\n    runs-on: ubuntu-latest\n${step()}`,
    undefined,
    /^node agent-id\/helper\.mjs exec /,
  ],
];

describe('a workflow, rewritten', () => {
  it('keeps every permission and gets no other than id-token, in each shape', async () => {
    mkdirSync(join(world.root, '.github/workflows'), { recursive: true });
    for (const [name, text] of shapes) writeFileSync(join(world.root, `.github/workflows/${name}.yml`), text);
    const ran = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('agents')]);
    for (const [name, , permissions, run] of shapes) {
      const text = readFileSync(join(world.root, `.github/workflows/${name}.yml`), 'utf8');
      const { jobs } = parse(text) as { jobs: Record<string, Job> };
      expect([name, jobs[name]?.permissions]).toEqual([name, permissions]);
      expect(jobs[name]?.steps[0]?.run).toMatch(run);
      expect(jobs[name]?.steps[0]?.env).toEqual({ AGENT_ID_ISSUER: world.embedded.issuer });
    }
  });
});
