import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oldEnv, writeRepository } from './repository.ts';
import { openWorld, type Ran, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

const migrate = (root: string, ...more: string[]): Promise<Ran> =>
  world.run(['-C', root, 'migrate', '--yes', ...more]);
const script = (path: string): string =>
  `#!/bin/sh\ncurl -fsS -H "Authorization: SSWS $OKTA_API_TOKEN" "$OKTA_ORG_URL/api/v1/${path}"\n`;

describe('workloads that are called alike', () => {
  it('gives each MCP server its own agent and scopes, though one name ends like the other', async () => {
    const env = { OKTA_ORG_URL: world.embedded.oktaUrl, OKTA_TOKEN: world.token.open() };
    const server = { command: 'npx', args: ['-y', 'okta-mcp'], env };
    const root = writeRepository(world, 'servers', {
      '.mcp.json': `${JSON.stringify({ mcpServers: { 'admin-okta': server, okta: server } }, null, 2)}\n`,
    });
    const scopes = ['mcp-okta=okta.users.read', 'mcp-admin-okta=okta.users.manage'];
    const ran = await migrate(root, ...scopes.flatMap((one) => ['--scopes', one]));
    expect(ran.stderr).not.toContain('error[');
    const { mcpServers } = JSON.parse(readFileSync(join(root, '.mcp.json'), 'utf8')) as {
      mcpServers: Record<string, { args: string[] }>;
    };
    const started = Object.values(mcpServers).map(({ args }) => args.join(' '));
    expect(started).toEqual([
      expect.stringMatching(/--agent mcp-admin-okta .*#okta\.users\.manage -- npx -y okta-mcp$/),
      expect.stringMatching(/--agent mcp-okta .*#okta\.users\.read -- npx -y okta-mcp$/),
    ]);
  });

  it('tells scripts of one name apart by their folders', async () => {
    const root = writeRepository(world, 'scripts', {
      '.env': oldEnv(world),
      crontab: '0 1 * * * /srv/acme/run.sh\n0 2 * * * /srv/acme/jobs/run.sh\n',
      'run.sh': script('users'),
      'jobs/run.sh': script('groups'),
    });
    const ran = await migrate(root);
    expect(ran.stderr).not.toContain('error[');
    const lines = readFileSync(join(root, 'crontab'), 'utf8').trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/--agent srv-acme-run .*#okta\.users\.read -- \/srv\/acme\/run\.sh$/),
      expect.stringMatching(/--agent srv-acme-jobs-run .*#okta\.groups\.read -- \/srv\/acme\/jobs\/run\.sh$/),
    ]);
  });

  it('changes a base URL once that two secrets of one script need', async () => {
    const second = await world.embedded.createApiToken('second');
    const root = writeRepository(world, 'two', {
      '.env': `${oldEnv(world)}OKTA_ADMIN_TOKEN=${second.token.open()}\n`,
      crontab: '0 1 * * * /srv/x/two.sh\n',
      'two.sh': `${script('users')}${script('groups').replace('OKTA_API', 'OKTA_ADMIN').slice(10)}`,
    });
    const ran = await migrate(root);
    expect(ran.stderr).not.toContain('error[');
    expect(readFileSync(join(root, 'crontab'), 'utf8')).toMatch(
      /--env OKTA_ADMIN_TOKEN=.* -- .*--env OKTA_API_TOKEN=.* -- /,
    );
    expect(readFileSync(join(root, 'two.sh'), 'utf8')).not.toContain('SSWS');
  });
});
