import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oldEnv, runMigrated, writeRepository } from './repository.ts';
import { openWorld, type Ran, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

const write = (name: string, files: Readonly<Record<string, string>>): string =>
  writeRepository(world, name, { '.env': oldEnv(world), ...files });
const migrate = (root: string, ...more: string[]): Promise<Ran> =>
  world.run(['-C', root, 'migrate', '--yes', ...more]);
const textOf = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

const client = [
  'import json',
  'import os',
  'import urllib.request',
  '',
  '',
  'def get(path):',
  '    headers = {"Authorization": "SSWS " + os.environ["OKTA_API_TOKEN"]}',
  '    request = urllib.request.Request(os.environ["OKTA_ORG_URL"] + path, headers=headers)',
  '    with urllib.request.urlopen(request, timeout=10) as answer:',
  '        return json.load(answer)',
  '',
  '',
  'def users():',
  '    return get("/api/v1/users")',
  '',
  '',
  'def groups():',
  '    return get("/api/v1/groups")',
  '',
].join('\n');

const users = 'from okta_client import users\n\nprint("users:", len(users()) > 0)\n';
const groups = 'from okta_client import groups\n\nprint("groups:", isinstance(groups(), list))\n';

describe('code that several agents share', { timeout: 120_000 }, () => {
  it('asks for the agent that its cron line names, with the scopes of that one', async () => {
    const root = write('cron', {
      'ops/okta_client.py': client,
      'ops/list_users.py': users,
      'ops/list_groups.py': groups,
      'crontab': [
        '# m h dom mon dow command',
        '0 3 * * * . ./.env && python3 ops/list_users.py',
        '0 4 * * * . ./.env && python3 ops/list_groups.py',
        '',
      ].join('\n'),
    });
    const { code, stdout, stderr } = await migrate(root);
    expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
    expect(code).toBe(0);
    expect(textOf(root, 'ops/okta_client.py')).toContain(
      'agent_id.authorization(agent_id.own(), "password-api", None, as_itself=True)',
    );
    const lines = textOf(root, 'crontab').split('\n');
    expect(lines[1]).toBe('0 3 * * * . ./.env && AGENT_ID_AGENT=list-users python3 ops/list_users.py');
    const command = (line: number): string => (lines[line] ?? '').replace(/^0 \d \* \* \* /, '');
    expect(await runMigrated(world, root, ['sh', '-c', command(1)])).toBe('users: True\n');
    expect(await runMigrated(world, root, ['sh', '-c', command(2)])).toBe('groups: True\n');
    const wrong = command(2).replace('list-groups', 'list-users');
    expect(await runMigrated(world, root, ['sh', '-c', wrong])).toMatch(/40[13]/);
    expect(await runMigrated(world, root, ['python3', 'ops/list_users.py'])).toContain('AGENT_ID_AGENT');
  });
});
