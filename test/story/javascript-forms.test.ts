import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oldEnv, runMigrated, writeRepository } from './repository.ts';
import { openWorld, type World } from './world.ts';

const modules = resolve(import.meta.dirname, '../../node_modules');

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

/** As much of axios as a client needs: settings, interceptors, answers as `data`. */
const axios = `function make(defaults = {}) {
  const used = [];
  return {
    create: make,
    interceptors: { request: { use: (one) => used.push(one) } },
    async get(path) {
      let config = { headers: { ...defaults.headers } };
      for (const one of used) config = await one(config);
      const answer = await fetch(defaults.baseURL + path, config);
      return { data: await answer.json() };
    },
  };
}
module.exports = make();
`;

/** Writes a repository, runs its program before, migrates it, and runs it again without the old token. */
async function beforeAndAfter(
  name: string,
  main: string,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly before: string; readonly after: string; readonly text: (path: string) => string }> {
  const ignore = 'node_modules/\n';
  const root = writeRepository(world, name, { '.gitignore': ignore, '.env': oldEnv(world), ...files });
  mkdirSync(join(root, 'node_modules/axios'), { recursive: true });
  writeFileSync(join(root, 'node_modules/axios/index.js'), axios);
  symlinkSync(join(modules, '@okta'), join(root, 'node_modules/@okta'));
  const before = await runMigrated(world, root, [process.execPath, main]);
  const id = main.replace(/\.\w+$/, '');
  const scopes = ['--scopes', `${id}=okta.users.read`];
  const { code, stdout, stderr } = await world.run(['-C', root, 'migrate', '--yes', ...scopes]);
  expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
  expect(code).toBe(0);
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  expect(text('.env')).not.toMatch(/^OKTA_API_TOKEN=/m);
  return { before, after: await runMigrated(world, root, [process.execPath, main]), text };
}

describe('a rewritten JavaScript program works without the old token', { timeout: 120_000 }, () => {
  it('with fetch, a settings module and a client class that takes options', async () => {
    const { before, after, text } = await beforeAndAfter('js-fetch', 'list-people.mjs', {
      'settings.mjs':
        "export const settings = {\n  port: 1,\n  okta: {\n    url: process.env.OKTA_ORG_URL,\n    token: process.env.OKTA_API_TOKEN ?? '',\n  },\n};\n\nif (!settings.okta.url || !settings.okta.token) {\n  throw new Error('OKTA_ORG_URL and OKTA_API_TOKEN are needed');\n}\n",
      'directory.mjs': [
        'export class Directory {',
        '  constructor(options) {',
        '    this.options = options;',
        '  }',
        '',
        '  headers() {',
        "    return { Accept: 'application/json', Authorization: `SSWS ${this.options.token}` };",
        '  }',
        '',
        '  async people() {',
        '    const answer = await fetch(`${this.options.url}/api/v1/users`, { headers: this.headers() });',
        '    return answer.json();',
        '  }',
        '}',
        '',
      ].join('\n'),
      'list-people.mjs':
        "import { Directory } from './directory.mjs';\nimport { settings } from './settings.mjs';\n\nconst directory = new Directory({ ...settings.okta, timeout: 5 });\nconsole.log('people:', (await directory.people()).length > 0);\n",
    });
    expect(before).toBe('people: true\n');
    expect(after).toBe('people: true\n');
    expect(text('settings.mjs')).toBe(
      "export const settings = {\n  port: 1,\n  okta: {\n    url: process.env.OKTA_ORG_URL,\n  },\n};\n\nif (!settings.okta.url) {\n  throw new Error('OKTA_ORG_URL and OKTA_API_TOKEN are needed');\n}\n",
    );
    expect(text('directory.mjs')).toContain('headers: await this.headers()');
  });

  it('with a client of axios, and a function of another file that gives the token', async () => {
    const { before, after, text } = await beforeAndAfter('js-axios', 'list-people.cjs', {
      'token.cjs':
        "function getToken() {\n  const token = process.env.OKTA_API_TOKEN;\n  if (!token) throw new Error('no token');\n  return token;\n}\n\nmodule.exports = { getToken, retries: 2 };\n",
      'api.cjs': [
        "const axios = require('axios');",
        "const { getToken, retries } = require('./token.cjs');",
        '',
        'module.exports = axios.create({',
        '  baseURL: process.env.OKTA_ORG_URL,',
        '  retries,',
        '  headers: {',
        "    Accept: 'application/json',",
        '    Authorization: `SSWS ${getToken()}`,',
        '  },',
        '});',
        '',
      ].join('\n'),
      'list-people.cjs':
        "const api = require('./api.cjs');\n\napi.get('/api/v1/users').then(({ data }) => console.log('people:', data.length > 0));\n",
    });
    expect(before).toBe('people: true\n');
    expect(after).toBe('people: true\n');
    expect(text('token.cjs')).toBe('\nmodule.exports = { retries: 2 };\n');
    expect(text('api.cjs')).toContain('interceptors.request.use(async (config) => {');
  });

  it("with Okta's SDK, and a constant of another file", async () => {
    const { before, after } = await beforeAndAfter('js-sdk', 'list-people.mjs', {
      'env.mjs':
        'export const TOKEN = process.env.OKTA_API_TOKEN;\nexport const URL = process.env.OKTA_ORG_URL;\n',
      'list-people.mjs': [
        "import okta from '@okta/okta-sdk-nodejs';",
        "import { TOKEN, URL } from './env.mjs';",
        '',
        'const client = new okta.Client({ orgUrl: URL, token: TOKEN });',
        'let count = 0;',
        'await (await client.userApi.listUsers()).each(() => (count += 1));',
        "console.log('people:', count > 0);",
        '',
      ].join('\n'),
    });
    expect(before).toBe('people: true\n');
    expect(after).toBe('people: true\n');
  });

  it('is left where another file reads the public field that would go, and the plan says where', async () => {
    const files = {
      'directory.mjs':
        'export class Directory {\n  constructor(url, token) {\n    this.url = url;\n    this.token = token;\n  }\n\n  async people() {\n    const headers = { Authorization: `SSWS ${this.token}` };\n    return (await fetch(`${this.url}/api/v1/users`, { headers })).json();\n  }\n}\n',
      'list-people.mjs':
        "import { Directory } from './directory.mjs';\n\nconst directory = new Directory(process.env.OKTA_ORG_URL, process.env.OKTA_API_TOKEN);\nconsole.log((await directory.people()).length);\n",
    };
    const plan = async (name: string, more: Readonly<Record<string, string>>): Promise<string> => {
      const root = writeRepository(world, name, { '.env': oldEnv(world), ...files, ...more });
      const scopes = ['--scopes', `${name}=okta.users.read`, '--scopes', 'list-people=okta.users.read'];
      return (await world.run(['-C', root, 'migrate', '--dry-run', ...scopes])).stdout;
    };
    expect(await plan('js-field', {})).toContain('+++ b/directory.mjs');
    const other = "import { Directory } from './directory.mjs';\n\nexport const show = (one) => ";
    for (const [name, read] of [
      ['js-read', 'one.token;\n'],
      ['js-apart', '{\n  const { token } = one;\n  return token;\n};\n'],
    ] as const) {
      const shown = await plan(name, { 'show.mjs': `${other}${read}console.log(Directory.name);\n` });
      expect(shown).toMatch(/show\.mjs:[34] {2}\.token of what directory\.mjs makes may be read here/);
      expect(shown).not.toContain('+++ b/directory.mjs');
    }
    const own = files['directory.mjs'].concat('\nexport const show = (one) => one.token;\n');
    expect(await plan('js-own', { 'directory.mjs': own })).toContain('this may read the field token');
  });

  it('is left where another file hands the settings on as a whole, and the plan says where', async () => {
    const root = writeRepository(world, 'js-whole', {
      '.env': oldEnv(world),
      'settings.mjs':
        'export const settings = { url: process.env.OKTA_ORG_URL, token: process.env.OKTA_API_TOKEN };\n',
      'list-people.mjs':
        "import './other.mjs';\nimport { settings } from './settings.mjs';\n\nconst headers = { Authorization: `SSWS ${settings.token}` };\nawait fetch(`${settings.url}/api/v1/users`, { headers });\n",
      'other.mjs':
        "import * as all from './settings.mjs';\n\nprocess.stdout.write(JSON.stringify(all.settings));\n",
    });
    const { code, stdout } = await world.run(['-C', root, 'migrate', '--dry-run']);
    expect(stdout).toMatch(/other\.mjs:3 {2}all\.settings is given to JSON\.stringify/);
    expect(stdout).not.toContain('+++ b/');
    expect(code).toBe(0);
  });
});
