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

const repository = (name: string, files: Readonly<Record<string, string>>): string =>
  writeRepository(world, name, files);
const runScript = (root: string, command: string, ...args: string[]): Promise<string> =>
  runMigrated(world, root, [command, ...args]);
const migrate = (root: string): Promise<Ran> => world.run(['-C', root, 'migrate', '--yes']);
const env = (): string => oldEnv(world);

describe('a token that is handed on', () => {
  const client = [
    'import json',
    'import urllib.request',
    '',
    '',
    'class OktaClient:',
    '    def __init__(self, org_url, api_token, timeout=10):',
    '        if not org_url or not api_token:',
    '            raise ValueError("OKTA_ORG_URL and OKTA_API_TOKEN are needed")',
    '        self.org_url = org_url',
    '        self._token = api_token',
    '        self.timeout = timeout',
    '',
    '    def _headers(self):',
    '        return {"Authorization": f"SSWS {self._token}", "Accept": "application/json"}',
    '',
    '    def users(self):',
    '        request = urllib.request.Request(f"{self.org_url}/api/v1/users", headers=self._headers())',
    '        with urllib.request.urlopen(request, timeout=self.timeout) as answer:',
    '            return json.load(answer)',
    '',
  ].join('\n');
  const main =
    'import os\n\nfrom okta_client import OktaClient\n\nclient = OktaClient(os.environ["OKTA_ORG_URL"], os.environ["OKTA_API_TOKEN"], timeout=5)\nprint("users:", len(client.users()) > 0)\n';

  it('is followed in Python into a class of another file, and the script still works', async () => {
    const root = repository('python', { '.env': env(), 'okta_client.py': client, 'users.py': main });
    const { code, stdout, stderr } = await migrate(root);
    expect(stdout + stderr).not.toMatch(/error\[|must wait/);
    expect(code).toBe(0);
    expect(readFileSync(join(root, 'users.py'), 'utf8')).toContain(
      'OktaClient(os.environ["OKTA_ORG_URL"], timeout=5)',
    );
    const after = readFileSync(join(root, 'okta_client.py'), 'utf8');
    expect(after).toContain('def __init__(self, org_url, timeout=10):\n        if not org_url:\n');
    expect(after).not.toMatch(/SSWS|_token = /);
    expect(await runScript(root, 'python3', 'users.py')).toBe('users: True\n');
  });

  it('is asked for in a package of Python, however that is started', async () => {
    const report = [
      'import os',
      'import urllib.request',
      '',
      'headers = {"Authorization": "SSWS " + os.environ["OKTA_API_TOKEN"], "Accept": "application/json"}',
      'request = urllib.request.Request(os.environ["OKTA_ORG_URL"] + "/api/v1/users", headers=headers)',
      'with urllib.request.urlopen(request) as answer:',
      '    print("users:", answer.status)',
      '',
    ].join('\n');
    const root = repository('package', {
      '.env': env(),
      crontab: '0 1 * * * cd /srv/acme && python3 -m jobs.report\n',
      'jobs/__init__.py': '',
      'jobs/report.py': report,
    });
    const { code, stderr } = await migrate(root);
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/error\[|must wait/)]);
    expect(await runScript(root, 'python3', '-m', 'jobs.report')).toBe('users: 200\n');
    expect(await runScript(root, 'python3', 'jobs/report.py')).toBe('users: 200\n');
  });

  it('is followed in JavaScript into a class whose headers must then wait for the token', async () => {
    const root = repository('javascript', {
      '.env': env(),
      'package.json': '{"name":"users","type":"module"}\n',
      'src/okta-client.js': [
        'export class OktaClient {',
        '  constructor(orgUrl, token) {',
        "    if (!token) throw new Error('no token');",
        '    this.orgUrl = orgUrl;',
        '    this.token = token;',
        '  }',
        '',
        '  headers() {',
        '    return { Authorization: `SSWS ${this.token}`, Accept: "application/json" };',
        '  }',
        '',
        '  async get(path) {',
        '    const response = await fetch(`${this.orgUrl}${path}`, { headers: this.headers() });',
        '    return response.json();',
        '  }',
        '',
        '  users() {',
        "    return this.get('/api/v1/users');",
        '  }',
        '}',
        '',
      ].join('\n'),
      'src/main.js':
        "import { OktaClient } from './okta-client.js';\n\nconst client = new OktaClient(process.env.OKTA_ORG_URL, process.env.OKTA_API_TOKEN);\nconsole.log('users:', (await client.users()).length > 0);\n",
    });
    const { code, stdout, stderr } = await world.run([
      '-C',
      root,
      'migrate',
      '--yes',
      '--scopes',
      'javascript=okta.users.read',
    ]);
    expect(stdout + stderr).not.toMatch(/error\[|must wait/);
    expect(code).toBe(0);
    const after = readFileSync(join(root, 'src/okta-client.js'), 'utf8');
    expect(after).toContain('constructor(orgUrl) {\n    this.orgUrl = orgUrl;\n  }');
    expect(after).toContain('  async headers() {\n    return { Authorization: await agentId.authorization(');
    expect(after).toContain('{ headers: await this.headers() }');
    expect(readFileSync(join(root, 'src/main.js'), 'utf8')).toContain(
      'new OktaClient(process.env.OKTA_ORG_URL)',
    );
    expect(stdout).toContain('on behalf of the user');
  });

  it('is left where another caller gives another token, and the plan says where', async () => {
    const root = repository('other-token', {
      '.env': env(),
      'okta_client.py': client,
      'users.py': main,
      'other.py':
        'import sys\nfrom okta_client import OktaClient\n\nprint(OktaClient("https://b.example", sys.argv[1]).users())\n',
    });
    const { code, stdout } = await world.run(['-C', root, 'migrate', '--dry-run']);
    expect(stdout).toMatch(
      /other\.py:4 {2}OktaClient of okta_client\.py gets a token here that is not known/,
    );
    expect(stdout).not.toContain('+++ b/users.py');
    expect(code).toBe(0);
  });

  it('is left where another file reads the variable that would go', async () => {
    const root = repository('shared-name', {
      '.env': env(),
      'settings.py': 'import os\n\nOKTA_API_TOKEN = os.environ["OKTA_API_TOKEN"]\n',
      'users.py':
        'import os, urllib.request\nfrom settings import OKTA_API_TOKEN\n\nurllib.request.urlopen(urllib.request.Request(os.environ["OKTA_ORG_URL"] + "/api/v1/users", headers={"Authorization": "SSWS " + OKTA_API_TOKEN}))\n',
    });
    const { stdout } = await world.run(['-C', root, 'migrate', '--dry-run']);
    expect(stdout).toMatch(/users\.py:2 {2}OKTA_API_TOKEN of settings\.py is read here/);
    expect(stdout).not.toContain('+++ b/settings.py');
  });
});
