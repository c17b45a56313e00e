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
      crontab: [
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

  const shared = [
    'export async function get(path) {',
    '  const headers = { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` };',
    '  const answer = await fetch(process.env.OKTA_ORG_URL + path, { headers });',
    '  if (!answer.ok) throw new Error(String(answer.status));',
    '  return answer.json();',
    '}',
    '',
  ].join('\n');

  it('is named by each compose service and each job, in their own words', async () => {
    const service = (path: string): string =>
      `import { get } from '../../libs/okta.mjs';\n\nconst found = await get('${path}');\nconsole.log('found:', Array.isArray(found));\n`;
    const root = write('compose', {
      'libs/okta.mjs': shared,
      'services/people/package.json':
        '{"name":"people","type":"module","scripts":{"start":"node main.mjs"}}\n',
      'services/people/main.mjs': service('/api/v1/users'),
      'services/people/Dockerfile': 'FROM node:22\nCOPY . .\nCMD ["node", "main.mjs"]\n',
      'services/teams/package.json': '{"name":"teams","type":"module","scripts":{"start":"node main.mjs"}}\n',
      'services/teams/main.mjs': service('/api/v1/groups'),
      'services/teams/Dockerfile': 'FROM node:22\nCOPY . .\nCMD ["node", "main.mjs"]\n',
      'jobs/sync.mjs': service('/api/v1/users').replace('../../', '../'),
      '.github/workflows/sync.yml': [
        'on: { schedule: [{ cron: "0 5 * * *" }] }',
        'jobs:',
        '  sync:',
        '    runs-on: ubuntu-latest',
        '    steps:',
        '      - uses: actions/checkout@v4',
        '      - run: node jobs/sync.mjs',
        '        env:',
        '          OKTA_ORG_URL: ${{ vars.OKTA_ORG_URL }}',
        '          OKTA_API_TOKEN: ${{ secrets.OKTA_API_TOKEN }}',
        '',
      ].join('\n'),
      'docker-compose.yml': [
        'services:',
        '  people:',
        '    build: services/people',
        '    environment:',
        '      OKTA_API_TOKEN: ${OKTA_API_TOKEN}',
        '      OKTA_ORG_URL: ${OKTA_ORG_URL}',
        '  teams:',
        '    build: services/teams',
        '    environment:',
        '      - OKTA_ORG_URL=${OKTA_ORG_URL}',
        '      - OKTA_API_TOKEN=${OKTA_API_TOKEN}',
        '',
      ].join('\n'),
    });
    const { code, stdout, stderr } = await migrate(root);
    expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
    expect(code).toBe(0);
    expect(textOf(root, 'libs/okta.mjs')).toContain('const agentId = ownAgent();');
    expect(textOf(root, 'libs/okta.mjs')).toContain("await agentId.authorization('password-api')");
    expect(textOf(root, 'docker-compose.yml')).toBe(
      [
        'services:',
        '  people:',
        '    build: services/people',
        '    environment:',
        '      AGENT_ID_AGENT: people',
        '      OKTA_ORG_URL: ${OKTA_ORG_URL}',
        '  teams:',
        '    build: services/teams',
        '    environment:',
        '      - OKTA_ORG_URL=${OKTA_ORG_URL}',
        '      - AGENT_ID_AGENT=teams',
        '',
      ].join('\n'),
    );
    expect(textOf(root, '.github/workflows/sync.yml')).toMatch(
      /\n {10}OKTA_ORG_URL: .*\n {10}AGENT_ID_ISSUER: .*\n {10}AGENT_ID_AGENT: sync\n$/,
    );
    expect((await world.run(['-C', root, 'agents', 'enroll', 'sync', '--name', 'runner'])).code).toBe(0);
    const run = (agent: string, script: string): Promise<string> =>
      runMigrated(world, root, ['env', `AGENT_ID_AGENT=${agent}`, process.execPath, script]);
    expect(await run('sync', 'jobs/sync.mjs')).toBe('found: true\n');
    // Nobody has signed in: a service acts for a user or not at all.
    expect(await run('people', 'services/people/main.mjs')).toMatch(/not-signed-in|agent-id login/);
  });

  it('needs no name in the service that holds the file', async () => {
    const root = write('holder', {
      'package.json': '{"name":"directory","type":"module","scripts":{"start":"node src/main.mjs"}}\n',
      'src/okta.mjs': shared,
      'src/main.mjs':
        "import { get } from './okta.mjs';\n\nconsole.log('users:', (await get('/api/v1/users')).length > 0);\n",
      'jobs/groups.mjs':
        "import { get } from '../src/okta.mjs';\n\nconsole.log('groups:', Array.isArray(await get('/api/v1/groups')));\n",
      crontab: '0 4 * * * node jobs/groups.mjs\n',
    });
    const { code, stdout, stderr } = await migrate(root);
    expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
    expect(code).toBe(0);
    expect(textOf(root, 'src/okta.mjs')).toContain("ownAgent('directory')");
    const line = textOf(root, 'crontab');
    expect(line).toBe('0 4 * * * AGENT_ID_AGENT=groups node jobs/groups.mjs\n');
    const command = line.replace('0 4 * * * ', '').trim();
    expect(await runMigrated(world, root, ['sh', '-c', command])).toBe('groups: true\n');
  });

  it('is named by the image of a service that nothing else here starts', async () => {
    const image = 'FROM python:3.12-slim\nCOPY . /app\nCMD ["python3", "main.py"]\n';
    const main = (name: string): string =>
      `import pathlib\nimport sys\n\nsys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "libs"))\nfrom okta_client import ${name}\n\nprint(len(${name}()))\n`;
    const root = write('image', {
      'libs/okta_client.py': client,
      'services/people/Dockerfile': image,
      'services/people/main.py': main('users'),
      'services/teams/Dockerfile': image,
      'services/teams/main.py': main('groups'),
    });
    const { code, stdout, stderr } = await migrate(root);
    expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
    expect(code).toBe(0);
    expect(textOf(root, 'services/teams/Dockerfile')).toBe(
      image.replace('CMD', 'ENV AGENT_ID_AGENT=teams\nCMD'),
    );
    expect(textOf(root, 'libs/okta_client.py')).toContain('agent_id.authorization(agent_id.own(), ');
  });

  it('is left where a service has no place of its own to be named, and the plan says so', async () => {
    const root = write('nameless', {
      'libs/okta.mjs': shared,
      'services/people/package.json': '{"name":"people","type":"module"}\n',
      'services/people/main.mjs':
        "import { get } from '../../libs/okta.mjs';\n\nconsole.log(await get('/api/v1/users'));\n",
      'services/teams/package.json': '{"name":"teams","type":"module"}\n',
      'services/teams/main.mjs':
        "import { get } from '../../libs/okta.mjs';\n\nconsole.log(await get('/api/v1/groups'));\n",
      'docker-compose.yml':
        'services:\n  people:\n    build: services/people\n    environment:\n      OKTA_API_TOKEN: ${OKTA_API_TOKEN}\n',
    });
    const { stdout } = await migrate(root, '--dry-run');
    expect(stdout).toMatch(/it shares libs\/okta\.mjs with people, and no file of its own could say to it/);
    expect(stdout).toMatch(/people must wait/);
    expect(stdout).not.toContain('+++ b/');
  });
});
