import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import { parsed } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-id-forms-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Says of each token which one it is, so that a kept one shows. */
const helper = `let count = 0;
export function agent() {
  return { authorization: async () => 'Bearer own-' + (count += 1) };
}
`;

/** As much of the libraries as their clients need here: an answer says what was sent. */
const axios = `function make(defaults = {}) {
  const used = [];
  const own = { headers: { common: {}, ...defaults.headers } };
  const request = async (given) => {
    let config = { ...given, headers: { ...own.headers.common, ...own.headers, ...given.headers } };
    delete config.headers.common;
    for (const one of used) config = await one(config);
    return { data: config.headers.Authorization ?? config.headers.authorization };
  };
  return Object.assign((config) => request(config), {
    create: make,
    defaults: own,
    interceptors: { request: { use: (one) => used.push(one) } },
    get: (url, config = {}) => request({ ...config, url }),
    post: (url, data, config = {}) => request({ ...config, url, data }),
  });
}
module.exports = make();
`;
const got = `function make(settings = {}) {
  return {
    extend: make,
    get: async () => {
      const options = { headers: { ...settings.headers } };
      for (const hook of settings.hooks?.beforeRequest ?? []) await hook(options);
      return { body: options.headers.authorization };
    },
  };
}
module.exports = make();
`;

function place(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
place('agent-id/helper.mjs', helper);
place('node_modules/axios/index.js', axios);
place('node_modules/got/index.js', got);

async function adopt(text: string, path: string): Promise<string> {
  const document = await parsed(text, path);
  const uses = document.facts.uses.filter((use) => use.name === 'OKTA_API_TOKEN');
  const adopted = document.adopt?.(uses, {
    agent: 'report',
    resource: 'okta',
    scopes: ['okta.users.read'],
    actsFor: 'user',
    helperPath: './agent-id',
  });
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return `refused: ${adopted.refused}`;
  const after = applyEdits(text, adopted.edits);
  await confirmEdits(path, text, after, adopted.edits);
  return after;
}

/** Rewrites a program, runs it without the old secret, and gives what it says of its requests. */
async function runs(lines: readonly string[], path: string): Promise<string> {
  const after = await adopt(`${lines.join('\n')}\n`, path);
  expect(after).not.toMatch(/^refused|SSWS|OKTA_API_TOKEN/);
  place(path, after);
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, path)], {
    encoding: 'utf8',
    env: { NODE_NO_WARNINGS: '1' },
  });
  expect(stderr).toBe('');
  return stdout.trim();
}

const token = 'const token = process.env.OKTA_API_TOKEN;';
const header = 'headers: { Authorization: `SSWS ${token}`, Accept: "a" }';
const twice = [
  'async function go() {',
  '  const first = await client.get("/api/v1/users");',
  '  const second = await client.get("/api/v1/groups");',
  '  console.log(first.data ?? first.body, second.data ?? second.body);',
  '}',
  'go();',
];

describe('a client that is made once', () => {
  it.each([
    ['a constant', [token, `const client = axios.create({ baseURL: "x", ${header} });`]],
    [
      'its headers',
      [
        token,
        'const headers = { Accept: "a", Authorization: "SSWS " + token };',
        'const client = axios.create({ baseURL: "x", headers });',
      ],
    ],
    ['its settings', [token, `const settings = { ${header} };`, 'const client = axios.create(settings);']],
    [
      'a factory',
      [token, 'function make() {', `  return axios.create({ ${header} });`, '}', 'const client = make();'],
    ],
    [
      'its defaults',
      [
        'const client = axios.create();',
        'client.defaults.headers.common["Authorization"] = `SSWS ${process.env.OKTA_API_TOKEN}`;',
      ],
    ],
  ])('asks for each request: axios, %s', async (_name, lines) => {
    expect(await runs(['const axios = require("axios");', ...lines, ...twice], 'axios.cjs')).toBe(
      'Bearer own-1 Bearer own-2',
    );
  });

  it('asks for each request in a field of a class', async () => {
    const lines = [
      'import axios from "axios";',
      'class Directory {',
      '  constructor() {',
      `    this.client = axios.create({ ${header.replace('${token}', '${process.env.OKTA_API_TOKEN}')} });`,
      '  }',
      '}',
      'const { client } = new Directory();',
      ...twice,
    ];
    expect(await runs(lines, 'field.mjs')).toBe('Bearer own-1 Bearer own-2');
  });

  it('asks for each request: got', async () => {
    const lines = [
      'const got = require("got");',
      token,
      `const client = got.extend({ prefixUrl: "x", ${header} });`,
      ...twice,
    ];
    expect(await runs(lines, 'got.cjs')).toBe('Bearer own-1 Bearer own-2');
  });

  it('lets a request keep its own header', async () => {
    const lines = [
      'const axios = require("axios");',
      token,
      `const client = axios.create({ ${header} });`,
      'client.get("x", { headers: { Authorization: "Basic own" } }).then(({ data }) => console.log(data));',
    ];
    expect(await runs(lines, 'own.cjs')).toBe('Basic own');
  });
});

const send =
  'const fetch = async (url, { headers }) => ({ sent: headers.Authorization, accept: headers.Accept });';

describe('code that waits for nothing itself', () => {
  it('lets a request start once the token is there', async () => {
    const lines = [
      'const axios = require("axios");',
      token,
      'function go(name) {',
      `  return axios.post("/api/v1/users/" + name, {}, { ${header} }).then(({ data }) => data);`,
      '}',
      'go("a").then(console.log);',
    ];
    expect(await runs(lines, 'chain.cjs')).toBe('Bearer own-1');
  });

  it('takes options that are made beforehand', async () => {
    const lines = [
      'const axios = require("axios");',
      `const OPTIONS = { timeout: 5, headers: { Accept: 'a', Authorization: 'SSWS ' + process.env.OKTA_API_TOKEN } };`,
      'function first() {',
      '  return axios.get("a", OPTIONS);',
      '}',
      'async function second() {',
      '  return axios.post("b", {}, { ...OPTIONS, timeout: 1 });',
      '}',
      'first().then(async ({ data }) => console.log(data, (await second()).data));',
    ];
    expect(await runs(lines, 'options.cjs')).toBe('Bearer own-1 Bearer own-2');
  });

  it('refuses where the arguments may be others by then', async () => {
    const text =
      'const axios = require("axios");\nlet url = "a";\nfunction go() {\n  const p = axios.get(url, { headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` } }).then(done);\n  url = "b";\n}\n';
    expect(await adopt(text, 'a.cjs')).toMatch(/^refused: the function around it is not asynchronous/);
  });
});

describe('a token that goes through functions and questions', () => {
  const use = [
    'async function go() {',
    '  console.log(await fetch("x", { headers: { Authorization: `SSWS ${own()}` } }).then((one) => one.sent));',
    '}',
    'go();',
  ];

  it.each([
    [
      'a function',
      ['function own() {', token, "  if (!token) throw new Error('none');", '  return token;', '}', ...use],
    ],
    ['an arrow function', ['const own = () => process.env.OKTA_API_TOKEN?.trim() ?? "";', ...use]],
    [
      'a function that checks what it gives back',
      [
        "function need(value, why) {\n  if (typeof value === 'undefined' || value === '') throw Error(why);\n  return value;\n}",
        'const clean = (value) => String(value || "").trim();',
        'const port = need(process.env.PORT ?? "1", "no port");',
        'const settings = { port, token: clean(need(process.env.OKTA_API_TOKEN, "no token")) };',
        'const own = () => settings.token;',
        ...use,
      ],
    ],
    [
      'a header',
      [
        'const own = () => `SSWS ${process.env.OKTA_API_TOKEN}`;',
        ...use.map((line) => line.replace('`SSWS ${own()}`', 'own()')),
      ],
    ],
    [
      'a getter',
      [
        'class A {',
        '  get own() {',
        '    return process.env.OKTA_API_TOKEN;',
        '  }',
        '  async go() {',
        '    console.log((await fetch("x", { headers: { Authorization: `SSWS ${this.own}` } })).sent);',
        '  }',
        '}',
        'new A().go();',
      ],
    ],
    [
      'answers',
      [
        token,
        'async function go() {',
        '  if (!token) {',
        '    console.error("none");',
        '    return { error: "none" };',
        '  }',
        '  const isReady = Boolean(token) && token !== "";',
        '  const headers = { Accept: "a", ...(token && { Authorization: token ? `SSWS ${token}` : undefined }) };',
        '  console.log(isReady ? (await fetch("x", { headers })).sent : "none");',
        '}',
        'go();',
      ],
    ],
  ])('is followed through %s', async (_name, lines) => {
    expect(await runs([send, ...lines], 'through.cjs')).toBe('Bearer own-1');
  });

  it.each([
    [
      'a function that does more',
      ['function own() {', '  count();', '  return process.env.OKTA_API_TOKEN;', '}', ...use],
      /does more than that/,
    ],
    [
      'something else without it',
      [
        'async function go() {',
        '  if (!process.env.OKTA_API_TOKEN) return sample();',
        '  await fetch("x", { headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` } });',
        '}',
      ],
      /^(?!refused)[\s\S]*if \(false\) return sample/,
    ],
  ])('does not guess: %s', async (_name, lines, expected) => {
    expect(await adopt(`${lines.join('\n')}\n`, 'a.mjs')).toMatch(expected);
  });
});

describe('a type', () => {
  it('loses the key with the object that it describes', async () => {
    const text = [
      'interface Settings {',
      '  url: string;',
      '  okta: { id: string; token: string };',
      '}',
      'const settings: Settings = { url: "x", okta: { id: "a", token: process.env.OKTA_API_TOKEN! } };',
      'async function go({ okta: { token, id } }: Settings) {',
      '  await fetch(settings.url + id, { headers: { Authorization: `SSWS ${token}` } });',
      '}',
      'go(settings);',
      '',
    ].join('\n');
    const after = await adopt(text, 'a.ts');
    expect(after).toContain(
      '  okta: { id: string; };\n}\nconst settings: Settings = { url: "x", okta: { id: "a" } };',
    );
    expect(after).toContain('async function go({ okta: { id } }: Settings) {');
  });
});
