import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import type { Adoption } from '../../src/formats/types.ts';
import { parsed } from './kit.ts';

const target: Adoption = {
  agent: 'password-reset',
  resource: 'password-api',
  scopes: ['okta.users.manage', 'okta.groups.read'],
  actsFor: 'user',
  helperPath: './agent-id',
};
const call = "agentId.authorization('password-api', ['okta.users.manage', 'okta.groups.read'])";

async function adopt(text: string, path: string, wanted: Partial<Adoption> = {}): Promise<string> {
  const document = await parsed(text, path);
  const uses = document.facts.uses.filter((use) => use.name === 'OKTA_API_TOKEN');
  expect(uses.length).toBeGreaterThan(0);
  const adopted = document.adopt?.(uses, { ...target, ...wanted });
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return `refused: ${adopted.refused}`;
  const after = applyEdits(text, adopted.edits);
  await confirmEdits(path, text, after, adopted.edits);
  const again = await parsed(after, path);
  expect(again.broken ?? []).toEqual([]);
  expect(again.facts.uses.some((use) => use.name === 'OKTA_API_TOKEN')).toBe(false);
  return `${adopted.tier}\n${after}`;
}

const folder = mkdtempSync(join(tmpdir(), 'agent-id-adopt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'agent-id'));
writeFileSync(
  join(folder, 'agent-id/helper.mjs'),
  `export function agent(id) {
     const make = (mode) => ({
       authorization: async (resource, scopes) => ['Bearer', id, mode, resource, scopes.join('+')].join(' '),
       oktaRequestExecutor: (resource) => ({ resource }),
       asItself: () => make('itself'),
     });
     return make('user');
   }\n`,
);

/** Runs rewritten code with a helper that only says what it was asked. */
function run(text: string, file: string): string {
  writeFileSync(join(folder, file), text);
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, file)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1' },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
}

const send = 'async function send(url, { headers }) { return new Headers(headers).get("authorization"); }\n';

describe('a header', () => {
  it('becomes a call of the helper, in a module', async () => {
    const text = `import { join } from 'node:path';\n\n${send}\nasync function go() {\n  return send(join('a', 'b'), { headers: { Authorization: \`SSWS \${process.env.OKTA_API_TOKEN}\` } });\n}\nconsole.log(await go());\n`;
    const after = await adopt(text, 'a.mjs');
    expect(after).toBe(
      `T3\nimport { join } from 'node:path';\nimport { agent } from './agent-id/helper.mjs';\n\nconst agentId = agent('password-reset');\n\n${send}\nasync function go() {\n  return send(join('a', 'b'), { headers: { Authorization: await ${call} } });\n}\nconsole.log(await go());\n`,
    );
    expect(run(after.slice(3), 'a.mjs')).toBe(
      'Bearer password-reset user password-api okta.users.manage+okta.groups.read',
    );
  });

  it('is followed through variables, and what nothing reads any more goes', async () => {
    const text = [
      "'use strict';",
      'const { OKTA_API_TOKEN: token, PORT } = process.env;',
      'if (!token) {',
      "  throw new Error('OKTA_API_TOKEN is missing');",
      '}',
      'const config = { okta: { token: token, url: PORT } };',
      send.trim(),
      'async function go() {',
      "  const header = 'SSWS ' + config.okta.token;",
      "  return send('x', { headers: { 'Authorization': header } });",
      '}',
      'go().then(console.log);',
      '',
    ].join('\n');
    const after = await adopt(text, 'a.cjs', { actsFor: 'itself' });
    expect(after).toContain("const { agent } = require('./agent-id/helper.mjs');");
    expect(after).toContain("const agentId = agent('password-reset').asItself();");
    expect(after).toContain('const { PORT } = process.env;');
    expect(after).toContain('const config = { okta: { url: PORT } };');
    expect(after).not.toMatch(/token|header =|throw/i);
    expect(run(after.slice(3), 'a.cjs')).toMatch(/^Bearer password-reset itself /);
  });

  it('moves from a constant object to each request', async () => {
    const text = [
      'const token = process.env.OKTA_API_TOKEN;',
      "const headers = { Accept: 'a', Authorization: `SSWS ${token}` };",
      'const only = { Authorization: `SSWS ${token}` };',
      send.trim(),
      'async function go() {',
      "  return [await send('x', { headers }), await send('x', { headers: { ...only, A: 'b' } })].join();",
      '}',
      'go().then(console.log);',
      'export {};',
      '',
    ].join('\r\n');
    const after = await adopt(text, 'b.mjs');
    expect(after).toContain(`{ headers: { ...headers, Authorization: await ${call} } }`);
    expect(after).toContain(`{ Authorization: await ${call}, A: 'b' }`);
    expect(after).toContain("const headers = { Accept: 'a' };");
    expect(after.slice(3)).not.toMatch(/(?<!\r)\n/);
    expect(run(after.slice(3), 'b.mjs').match(/Bearer/g)).toHaveLength(2);
  });

  it('is set on objects and fields of classes', async () => {
    const text = [
      'class Directory {',
      '  #token = process.env.OKTA_API_TOKEN;',
      '  async show() {',
      '    const headers = new Headers();',
      '    headers.set("Authorization", "SSWS " + this.#token);',
      '    const other = { headers: {} };',
      '    other.headers.Authorization = `SSWS ${this.#token}`;',
      '    return headers.get("Authorization") + other.headers.Authorization;',
      '  }',
      '}',
      'console.log(await new Directory().show());',
      'export {}',
      '',
    ].join('\n');
    const after = await adopt(text, 'c.mjs');
    expect(after).not.toContain('#token');
    expect(run(after.slice(3), 'c.mjs').match(/Bearer/g)).toHaveLength(2);
  });

  it('uses other names where its own are taken, and the agent that is there', async () => {
    const text = `const agent = 1, agentId = 2;\nasync function go() { return { Authorization: \`SSWS \${process.env.OKTA_API_TOKEN}\` }; }\nexport { agent, agentId, go };\n`;
    const after = await adopt(text, 'd.mjs');
    expect(after).toContain("import { agent as agent2 } from './agent-id/helper.mjs';");
    expect(after).toContain("const agentId2 = agent2('password-reset');");
    const again = `${after.slice(3)}async function more() { return { Authorization: \`SSWS \${process.env.OKTA_API_TOKEN}\` }; }\n`;
    expect((await adopt(again, 'd.mjs')).match(/helper\.mjs/g)).toHaveLength(1);
  });
});

describe('an Okta client', () => {
  it('gets a request executor', async () => {
    const text =
      'import okta from "@okta/okta-sdk-nodejs";\n\nexport const client = new okta.Client({\n  orgUrl: process.env.OKTA_ORG_URL,\n  token: process.env.OKTA_API_TOKEN!,\n});\n';
    expect(await adopt(text, 'a.ts')).toBe(
      'T2\nimport okta from "@okta/okta-sdk-nodejs";\nimport { agent } from "./agent-id/helper.mjs";\n\nconst agentId = agent("password-reset");\n\nexport const client = new okta.Client({\n  orgUrl: process.env.OKTA_ORG_URL,\n  token: "agent-id",\n  requestExecutor: agentId.oktaRequestExecutor("password-api", ["okta.users.manage", "okta.groups.read"]),\n});\n',
    );
  });

  it('is found by its own name and through its settings', async () => {
    const text =
      "const { Client } = require('@okta/okta-sdk-nodejs')\nconst token = process.env.OKTA_API_TOKEN\nconst settings = { token, orgUrl: 'x' }\nmodule.exports = new Client(settings)\n";
    const after = await adopt(text, 'a.js');
    expect(after).toContain("const settings = { token: 'agent-id', requestExecutor: agentId.");
    expect(after).not.toContain('const token');
  });

  it('is found where it is taken out of the import', async () => {
    const text =
      "import pkg from '@okta/okta-sdk-nodejs';\nconst { Client: OktaClient } = pkg;\nfunction make() {\n  const token = process.env.OKTA_API_TOKEN;\n  if (!token) throw new Error('x');\n  return new OktaClient({ token });\n}\nmake();\n";
    expect(await adopt(text, 'a.mjs')).toContain('function make() {\n  return new OktaClient({ token: ');
  });

  it.each(['requestExecutor: x', 'cacheMiddleware: x', "authorizationMode: 'PrivateKey'"])(
    'is left alone with %s',
    async (setting) => {
      const text = `import okta from '@okta/okta-sdk-nodejs';\nnew okta.Client({ token: process.env.OKTA_API_TOKEN, ${setting} });\n`;
      expect(await adopt(text, 'a.mjs')).toMatch(/^refused: the client sets/);
    },
  );
});

describe('refuses', () => {
  const header = 'headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` }';

  it.each([
    [`function go() { send('x', { ${header} }, done); }`, /not asynchronous/],
    [`const client = connect({ ${header} });`, /when the file is loaded/],
    ['let token = process.env.OKTA_API_TOKEN; token = 1; f(token);', /assigned more than once/],
    ['connect(process.env.OKTA_API_TOKEN);', /given to connect/],
    ['const url = `https://x?key=${process.env.OKTA_API_TOKEN}`;', /no Authorization header/],
    [
      "async function go(a = { ['Authorization']: 'SSWS ' + process.env.OKTA_API_TOKEN }) {}",
      /default of a parameter/,
    ],
    ['const id = hash(process.env.OKTA_API_TOKEN);', /given to hash/],
    ['const config = { token: process.env.OKTA_API_TOKEN }; start(config);', /config is given to start/],
  ])('%s', async (text, why) => {
    expect(await adopt(`${text}\n`, 'a.js')).toMatch(why);
  });
});
