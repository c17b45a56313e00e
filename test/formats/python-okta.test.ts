import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parsePython } from '../../src/formats/python/document.ts';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';

/** A Python that has the `okta` package, of a virtual environment say: `OKTA_PYTHON=venv/bin/python`. */
const python = process.env['OKTA_PYTHON'] ?? 'python3';
const hasOkta = spawnSync(python, ['-c', 'import okta.client']).status === 0;
const helper = new URL('../../src/helper/ports/helper.py', import.meta.url);

const program = `import asyncio
import os
import sys

from okta.client import Client

client = Client({
    "orgUrl": sys.argv[1],
    "token": os.environ["OKTA_API_TOKEN"],
})


async def main():
    for _ in range(2):
        users, _, error = await client.list_users()
        print(len(users), error)


asyncio.run(main())
`;

async function adopt(): Promise<string> {
  const document = await parsePython(program, 'app.py');
  const adopted = document.adopt?.(document.facts.uses, {
    agent: 'helpdesk',
    resource: 'okta',
    scopes: ['okta.users.read'],
    actsFor: 'itself',
    helperPath: './agent-id',
  });
  if (adopted === undefined || 'refused' in adopted) throw new Error(adopted?.refused ?? 'no adopt');
  const after = applyEdits(program, adopted.edits);
  await confirmEdits('app.py', program, after, adopted.edits);
  return after;
}

describe("Okta's SDK for Python", { timeout: 60_000 }, () => {
  it.skipIf(!hasOkta)('sends a token of its own with each request (needs the okta package)', async () => {
    const after = await adopt();
    expect(after).not.toMatch(/OKTA_API_TOKEN|import os/);
    const folder = mkdtempSync(join(tmpdir(), 'agent-id-okta-'));
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`);
      response.setHeader('content-type', 'application/json');
      // The first token is refused: the helper gets another.
      if (seen.length > 1) return response.end('[]');
      response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
      return response.writeHead(401).end('{"errorCode":"E0000011"}');
    });
    try {
      mkdirSync(join(folder, 'agent-id'));
      copyFileSync(helper, join(folder, 'agent-id', 'helper.py'));
      writeFileSync(join(folder, 'app.py'), after);
      writeFileSync(join(folder, 'agent-id.lock.json'), '{}');
      // Stands for the command: another token for each call, too short-lived to be kept.
      const issue = join(folder, 'issue.cjs');
      writeFileSync(
        issue,
        "console.log(JSON.stringify({ access_token: 'pid' + process.pid, expires_in: 1, resource: process.env.ORG }));\n",
      );
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const { stdout } = await promisify(execFile)(python, ['app.py', `http://127.0.0.1:${port}`], {
        cwd: folder,
        env: {
          ...process.env,
          ORG: `http://127.0.0.1:${port}`,
          AGENT_ID_COMMAND: `${process.execPath} ${issue}`,
          OKTA_TESTING_TESTINGDISABLEHTTPSCHECK: 'true',
        },
      });
      expect(stdout).toBe('0 None\n0 None\n');
      expect(seen.map((line) => line.replace(/pid\d+/, 'TOKEN'))).toEqual([
        '/api/v1/users Bearer TOKEN',
        '/api/v1/users Bearer TOKEN',
        '/api/v1/users Bearer TOKEN',
      ]);
      expect(new Set(seen).size).toBe(3);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
