import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import { parsePython } from '../../src/formats/python/document.ts';
import type { Adoption } from '../../src/formats/types.ts';

const target: Adoption = {
  agent: 'helpdesk',
  resource: 'password-api',
  scopes: ['okta.users.manage'],
  actsFor: 'user',
  helperPath: './agent-id',
};

async function adopt(text: string, name: string, changes: Partial<Adoption> = {}): Promise<string> {
  const document = await parsePython(text, 'app.py');
  const uses = document.facts.uses.filter((use) => use.name === name);
  const adopted = document.adopt?.(uses, { ...target, ...changes });
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return `refused: ${adopted.refused}`;
  const after = applyEdits(text, adopted.edits);
  await confirmEdits('app.py', text, after, adopted.edits);
  execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: after });
  return after;
}

const estate = new URL('../../src/demo/estate/services/helpdesk/', import.meta.url);

describe('facts', () => {
  it('finds reads with what they are bound to', async () => {
    const { facts } = await parsePython(
      [
        'import os as o',
        'from os import environ as e, getenv',
        'A = o.environ["ONE"]',
        'class C:',
        '    def __init__(self):',
        '        self.b = e.get("TWO", "none").strip()',
        'c = {"token": getenv("THREE") or "dflt"}',
        'NAME = "FOUR"',
        'use(x=o.environ[NAME])',
        'o.environ["SET"] = "v"',
      ].join('\n'),
      'a.py',
    );
    expect(facts.uses.map((use) => [use.name, use.binding])).toEqual([
      ['ONE', 'A'],
      ['TWO', 'self.b'],
      ['THREE', 'token'],
      ['FOUR', 'x'],
    ]);
    expect(facts.slots.map((slot) => [slot.path, slot.value])).toEqual([
      ['TWO', 'none'],
      ['THREE', 'dflt'],
      ['NAME', 'FOUR'],
      ['o.environ.SET', 'v'],
    ]);
  });

  it('resolves texts of calls', async () => {
    const { facts } = await parsePython(
      [
        'import requests',
        'BASE = ORG + "/api/v1"',
        'def go(user):',
        '    url = f"{BASE}/users/{user}"',
        '    h = {"Authorization": "SSWS %s" % T, "A": "SSWS {}".format(T)}',
        '    requests.get(url, headers=h, params=dict(q="x"))',
      ].join('\n'),
      'a.py',
    );
    const call = facts.calls.find((one) => one.callee === 'requests.get');
    expect(call?.args.map((arg) => [arg.name, arg.text])).toEqual([
      [null, '{}/api/v1/users/{}'],
      ['headers.Authorization', 'SSWS {}'],
      ['headers.A', 'SSWS {}'],
      ['params.q', 'x'],
    ]);
  });

  it('knows what answers requests', async () => {
    const texts = [
      'class H(http.server.BaseHTTPRequestHandler): pass',
      '@app.route("/x")\ndef f(): pass',
      '@app.post("/x")\nasync def f(): pass',
    ];
    for (const text of texts) expect((await parsePython(text, 'a.py')).facts.listens).toHaveLength(1);
  });
});

describe('edits', () => {
  it('sets, removes and adds values', async () => {
    const text = 'x = {"a": "1", "b": \'2\'}\ny = "3"\n';
    const document = await parsePython(text, 'a.py');
    const [a, b, y] = document.facts.slots;
    if (a === undefined || b === undefined || y === undefined) throw new Error('slots');
    expect(applyEdits(text, [document.setValue(b, "it's", 'r')])).toContain(String.raw`'it\'s'`);
    expect(applyEdits(text, document.removeEntry(a, 'r'))).toContain('x = {"b": \'2\'}');
    expect(applyEdits(text, document.removeEntry(y, 'r'))).toBe('x = {"a": "1", "b": \'2\'}\n');
    expect(applyEdits(text, [document.insertEntry(b, 'c', '4', 'r')])).toContain("'2', 'c': '4'}");
  });
});

describe('adopt', () => {
  it.each(['app.py', 'app.urllib.py'])('rewrites %s of the estate, and it runs', async (file) => {
    const after = await adopt(readFileSync(new URL(file, estate), 'utf8'), 'OKTA_API_TOKEN');
    expect(after).toContain(
      '{"Authorization": agent_id.authorization("helpdesk", "password-api", ["okta.users.manage"], request=self)}',
    );
    expect(after).not.toMatch(/OKTA_API_TOKEN|SSWS/);
    expect(after).toContain('import importlib\nimport json\nimport os\n');
    run(after);
  });

  it('knows whose request it is', async () => {
    const body = '(T):\n    h = {"Authorization": "SSWS " + os.environ["T"]}\n';
    const flask = `import os\nfrom flask import Flask, request\n@app.route("/x")\ndef f${body.replace('(T)', '()')}`;
    expect(await adopt(flask, 'T')).toContain('request=request)');
    expect(await adopt(flask, 'T')).not.toContain('import os\n');
    const fast = `import os\nfrom fastapi import Request\n@app.post("/x")\ndef f${body.replace('T', 'req: Request')}`;
    expect(await adopt(fast, 'T')).toContain('request=req)');
    const none = `import os\n@app.post("/x")\ndef f${body.replace('(T)', '()')}`;
    expect(await adopt(none, 'T')).toMatch(/^refused/);
    expect(await adopt(none, 'T', { actsFor: 'itself' })).toContain('as_itself=True)');
  });

  it('follows variables and fields, and takes checks out', async () => {
    const text = [
      'import os, sys',
      '',
      'T = os.getenv("T")',
      'if not T:',
      '    sys.exit("no T")',
      '',
      '',
      'class C:',
      '    def __init__(self):',
      '        self.token = T',
      '',
      '    def go(self):',
      '        return {"Authorization": "SSWS {}".format(self.token)}',
      '',
    ].join('\n');
    expect(await adopt(text, 'T', { helperPath: '../agent-id' })).toMatchInlineSnapshot(`
      "import importlib
      import pathlib
      import sys

      sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
      agent_id = importlib.import_module("agent-id.helper")


      class C:
          def __init__(self):
              pass

          def go(self):
              return {"Authorization": agent_id.authorization("helpdesk", "password-api", ["okta.users.manage"])}
      "
    `);
  });

  it('refuses what it does not understand', async () => {
    expect(await adopt('import os\nprint(os.environ["T"])\n', 'T')).toMatch(/^refused/);
    expect(await adopt('import os\nt = os.environ["T"]\nt = t + "x"\nh = "SSWS " + t\n', 'T')).toMatch(
      /^refused/,
    );
    expect(await adopt('import os\nc = Client({"token": os.environ["T"]})\n', 'T')).toMatch(/^refused/);
  });
});

/** Loads the rewritten program with a helper that only answers. */
function run(text: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-id-python-'));
  try {
    mkdirSync(join(folder, 'agent-id'));
    writeFileSync(join(folder, 'app.py'), text);
    writeFileSync(join(folder, 'requests.py'), '');
    writeFileSync(join(folder, 'agent-id', 'helper.py'), 'def authorization(*a, **k): return "Bearer x"\n');
    const script = 'import app; assert app.agent_id.authorization("a") == "Bearer x"';
    execFileSync('python3', ['-c', script], {
      cwd: folder,
      env: { ...process.env, OKTA_ORG_URL: 'http://x' },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const client = `import os
import sys

import requests


class Session:
    def __init__(self):
        self.http = requests.Session()
        self.http.headers.update({"Authorization": "SSWS " + os.environ["T"]})

    def get(self, url):
        return self.http.get(url).text


class Plain:
    def __init__(self, url):
        self.url = url
        self.headers = {"Accept": "text/plain", "Authorization": f"SSWS {os.environ['T']}"}

    def get(self, url):
        return requests.get(url, headers=self.headers).text


for one in (Session(), Plain(sys.argv[1])):
    print(one.get(sys.argv[1]))
    print(one.get(sys.argv[1]))
`;

const hasRequests = spawnSync('python3', ['-c', 'import requests']).status === 0;

describe('a header that a constructor builds', () => {
  it.skipIf(!hasRequests)(
    'gets a token of its own for each request, in a program that really runs',
    async () => {
      const after = await adopt(client, 'T', { actsFor: 'itself' });
      expect(after).not.toMatch(/SSWS|environ/);
      const folder = mkdtempSync(join(tmpdir(), 'agent-id-python-'));
      const server = createServer((request, response) => {
        response.end(`${request.headers.accept ?? ''} ${request.headers.authorization ?? ''}`);
      });
      try {
        mkdirSync(join(folder, 'agent-id'));
        const helper = new URL('../../src/helper/ports/helper.py', import.meta.url);
        writeFileSync(join(folder, 'agent-id', 'helper.py'), readFileSync(helper));
        writeFileSync(join(folder, 'main.py'), after);
        // Each token is about to end when it is given, so that none is kept.
        const issue = join(folder, 'issue.mjs');
        writeFileSync(
          issue,
          "const resource = process.env.RESOURCE;\nconsole.log(JSON.stringify({ access_token: 'pid' + process.pid, expires_in: 1, resource }));\n",
        );
        await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
        const { port } = server.address() as AddressInfo;
        const url = `http://127.0.0.1:${port}/`;
        const env = { ...process.env, AGENT_ID_COMMAND: `${process.execPath} ${issue}`, RESOURCE: url };
        const run = promisify(execFile);
        const { stdout } = await run('python3', ['main.py', url], {
          cwd: folder,
          env,
        });
        const lines = stdout.trim().split('\n');
        expect(lines.map((line) => line.replace(/pid\d+/, 'TOKEN'))).toEqual([
          '*/* Bearer TOKEN',
          '*/* Bearer TOKEN',
          'text/plain Bearer TOKEN',
          'text/plain Bearer TOKEN',
        ]);
        expect(new Set(lines).size).toBe(4);
      } finally {
        server.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  it('is refused where the header itself is kept', async () => {
    const kept =
      'import os\nclass C:\n    def __init__(self):\n        self.auth = "SSWS " + os.environ["T"]\n';
    expect(await adopt(kept, 'T')).toMatch(/^refused: the header is built once and kept/);
  });
});

describe('an option of the command line', () => {
  const script = (read: string, more = ''): string =>
    `import argparse
import os
import requests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--org", default=os.environ.get("OKTA_ORG"))
    parser.add_argument(
        "--api-token",
        default=os.environ.get("T"),
        help="API token"
    )
    args = parser.parse_args()
    if not all([args.org, args.api_token]):
        raise SystemExit("set OKTA_ORG and T")
    ${more}
    print(requests.get(args.org, headers={"Authorization": f"SSWS {${read}}"}).status_code)


main()
`;

  it('goes with the secret that is its default', async () => {
    const after = await adopt(script('args.api_token', 'pass'), 'T');
    expect(after).not.toMatch(/api_token|api-token/);
    expect(after).toContain('    if not all([args.org]):\n');
    expect(after).toContain('headers={"Authorization": agent_id.authorization(');
  });

  it('stays where what is read is not certain', async () => {
    expect(await adopt(script('other.api_token', 'other = load()'), 'T')).toMatch(
      /^refused: what is read here/,
    );
    expect(await adopt(script('args.api_token', 'print(vars(args))'), 'T')).toMatch(
      /^refused: what is read here/,
    );
  });
});
