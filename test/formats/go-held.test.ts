import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseGo } from '../../src/formats/go/document.ts';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import { run } from '../helper/run.ts';

const hasGo = spawnSync('go', ['version']).status === 0;
const helper = new URL('../../src/helper/ports/helper.go', import.meta.url);

/** Held in a field, filled by a parameter of a constructor, sent by a method: twice. */
const held = `package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

type client struct {
	base  string
	token string
}

func newClient(base, token string) *client {
	return &client{base: base, token: token}
}

func (c *client) get(path string) (int, error) {
	req, err := http.NewRequest("GET", c.base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", fmt.Sprintf("SSWS %s", c.token))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

func main() {
	token := os.Getenv("OKTA_API_TOKEN")
	if token == "" {
		log.Fatal("no token")
	}
	c := newClient(os.Args[1], token)
	for _, path := range []string{"/api/v1/users", "/api/v1/groups"} {
		if _, err := c.get(path); err != nil {
			log.Fatal(err)
		}
	}
}
`;

async function adopt(text: string) {
  const document = await parseGo(text, 'main.go');
  const adopted = document.adopt?.(
    document.facts.uses.filter((use) => use.name === 'OKTA_API_TOKEN'),
    {
      agent: 'report',
      resource: 'okta',
      scopes: ['okta.users.read'],
      actsFor: 'itself',
      helperPath: './agent-id',
      helperImport: 'acme.example/report/agent-id',
    },
  );
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return { refused: adopted.refused, after: '' };
  const after = applyEdits(text, adopted.edits);
  await confirmEdits('main.go', text, after, adopted.edits);
  return { ...adopted, after };
}

async function withServer<T>(use: (url: string, seen: string[]) => Promise<T>): Promise<T> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.close();
  }
}

describe('a token that Go code holds and hands on', { timeout: 180_000 }, () => {
  it.skipIf(!hasGo)('is asked for per request by the rewritten program (needs go)', async () => {
    const { after } = await adopt(held);
    expect(after).not.toMatch(/token|OKTA_API_TOKEN|SSWS|"os"\n\t"fmt"/);
    const folder = mkdtempSync(join(tmpdir(), 'agent-id-held-'));
    try {
      mkdirSync(join(folder, 'agent-id'));
      writeFileSync(join(folder, 'main.go'), after);
      writeFileSync(join(folder, 'go.mod'), 'module acme.example/report\n\ngo 1.21\n');
      writeFileSync(join(folder, 'agent-id.lock.json'), '{}');
      copyFileSync(helper, join(folder, 'agent-id', 'helper.go'));
      // Stands for the command: another token for each call, too short-lived to be kept.
      const issue = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(join(folder, 'log'))}, 'x');
        const n = fs.readFileSync(${JSON.stringify(join(folder, 'log'))}).length;
        console.log(JSON.stringify({ access_token: 'own-' + n, expires_in: 20 }));`;
      writeFileSync(join(folder, 'issue.cjs'), issue);
      const env = {
        ...process.env,
        GOFLAGS: '-mod=mod',
        GOPROXY: 'off',
        GOTOOLCHAIN: 'local',
        AGENT_ID_COMMAND: `node ${join(folder, 'issue.cjs')}`,
      };
      await withServer(async (url, seen) => {
        const ran = await run('go', ['run', '.', url], { cwd: folder, env });
        expect(ran.stderr).toBe('');
        expect(seen).toEqual(['/api/v1/users Bearer own-1', '/api/v1/groups Bearer own-2']);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('tells other files what is gone', async () => {
    expect(await adopt(held)).toMatchObject({
      dropped: ['token'],
      changed: [{ name: 'newClient', parameter: 'token', index: 1 }],
    });
  });

  it('follows a field that is assigned', async () => {
    const { after } = await adopt(
      held
        .replace('base, token string', 'base string')
        .replace(
          'return &client{base: base, token: token}',
          'c := &client{base: base}\n\tc.token = os.Getenv("OKTA_API_TOKEN")\n\treturn c',
        )
        .replace(/\ttoken := [\s\S]*?\n\t}\n/, '')
        .replace('os.Args[1], token', 'os.Args[1]'),
    );
    expect(after).toContain('\tc := &client{base: base}\n\treturn c\n');
    expect(after).toContain('agentid.SetAuthorizationAsItself(req, "report"');
  });

  it('refuses a field or a parameter that is not certain', async () => {
    const cases = [
      held.replace('func main() {', 'func log2(c *client) { fmt.Println(c.token) }\n\nfunc main() {'),
      held.replace('func main() {', 'func other(x any) { _ = x.(*client).token }\n\nfunc main() {'),
      held.replace('func main() {', 'var second = client{"http://x", "other"}\n\nfunc main() {'),
      held.replace('func main() {', 'var second = newClient("http://x", "other")\n\nfunc main() {'),
      held.replace('func main() {', 'func (c *client) set(v string) { c.token = v }\n\nfunc main() {'),
      held.replace('\treturn &client{', '\ttoken = "x"\n\treturn &client{'),
    ];
    for (const text of cases) expect((await adopt(text)).after).toBe('');
  });

  it('gives a client of the SDK of Okta that asks per request', async () => {
    const sdk = (setting: string): string =>
      `package main\n\nimport (\n\t"context"\n\t"os"\n\n\t"github.com/okta/okta-sdk-golang/v2/okta"\n)\n\nfunc main() {\n\ttoken := os.Getenv("OKTA_API_TOKEN")\n\tokta.NewClient(context.Background(), okta.WithToken(token)${setting})\n}\n`;
    const adopted = await adopt(sdk(''));
    expect(adopted).toMatchObject({ tier: 'T2' });
    expect(adopted.after).toContain(
      'okta.WithToken("agent-id"), okta.WithHttpClientPtr(agentid.ClientAsItself("report", "okta", "okta.users.read")), okta.WithCache(false))',
    );
    expect(adopted.after).not.toMatch(/"os"|OKTA_API_TOKEN|token :=/);
    expect(await adopt(sdk(', okta.WithHttpClientPtr(own)'))).toMatchObject({ after: '' });
  });
});
