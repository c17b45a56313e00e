import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request as send } from 'node:http';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from '@babel/parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSession } from '../../src/lib/session.ts';
import { Secret } from '../../src/model/secret.ts';
import { claimsOf } from '../exchange/fake-as.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let helper: string;
let service: ChildProcess;
let port: number;

/** A service as rewritten code is: its handler knows nothing of users. */
const main = `
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { agent } from './agent-id/helper.mjs';
const agentId = agent('password-reset');
async function outside() { return agentId.authorization('password-api', ['okta.users.read']); }
const server = createServer(async (request, response) => {
  try {
    await sleep(Math.random() * 20);
    for await (const _ of request);
    const header = request.url === '/itself'
      ? await agentId.asItself().authorization('password-api', ['okta.users.manage'])
      : await agentId.authorization('password-api', ['okta.users.manage']);
    response.end(JSON.stringify({ header }));
  } catch (error) {
    response.writeHead(502).end(JSON.stringify({ code: error.code, hint: error.hint }));
  }
});
server.listen(0, '127.0.0.1', async () => {
  console.log(JSON.stringify({ port: server.address().port, header: await outside() }));
});
`;

interface Answer {
  readonly header?: string;
  readonly code?: string;
  readonly hint?: string;
}

beforeAll(async () => {
  world = await startWorld();
  helper = await world.vendor();
  await writeFile(join(world.service, 'package.json'), '{"type":"module"}');
  await writeFile(join(world.service, 'main.js'), main);
  await writeSession(world.paths, {
    idp: 'acme',
    issuer: world.fake.origin,
    user: 'who-signed-in',
    accessToken: new Secret(world.fake.subject('who-signed-in')),
    refreshToken: null,
    expiresAt: Date.now() + 3_600_000,
  });
  service = spawn(process.execPath, ['main.js'], {
    cwd: world.service,
    env: world.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
});

afterAll(async () => {
  service.kill();
  await world.stop();
});

describe('helper.mjs', () => {
  it('is one small file without dependencies', async () => {
    const text = await readFile(helper, 'utf8');
    const { program } = parse(text, { sourceType: 'module' });
    const imports = program.body.flatMap((node) =>
      node.type === 'ImportDeclaration' ? [node.source.value] : [],
    );
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
    expect(text).not.toMatch(/\bimport\(/);
    expect(text.length).toBeLessThan(150_000);
  });

  it('acts for the one who signed in here, outside any request', async () => {
    const lines = createInterface({ input: service.stdout ?? process.stdin });
    const [line] = (await once(lines, 'line')) as [string];
    const started = JSON.parse(line) as { port: number; header: string };
    port = started.port;
    expect(claimsOf(started.header)).toMatchObject({ sub: 'who-signed-in' });
  });

  it('never mixes two users, on kept and on fresh connections', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 3 });
    const asks = Array.from({ length: 60 }, async (_, at) => {
      const user = `user-${at % 5}`;
      const answer = await ask('/', { bearer: world.fake.subject(user), ...(at % 2 ? { agent: kept } : {}) });
      return [claimsOf(answer.header ?? '')['sub'], user];
    });
    for (const [found, asked] of await Promise.all(asks)) expect(found).toBe(asked);
    kept.destroy();
  });

  it('uses neither the session nor the request before where a request brings no token', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await ask('/', { agent: kept, bearer: world.fake.subject('user-x') });
    expect(claimsOf(before.header ?? '')['sub']).toBe('user-x');
    for (const authorization of [undefined, 'Basic dTpw', 'Bearer', 'Bearer a b']) {
      expect(
        await ask('/', { agent: kept, ...(authorization === undefined ? {} : { authorization }) }),
      ).toMatchObject({
        code: 'not-signed-in',
      });
    }
    kept.destroy();
  });

  it('acts as itself only where the code says so', async () => {
    const answer = await ask('/itself', { bearer: world.fake.subject('user-x') });
    expect(claimsOf(answer.header ?? '')).toMatchObject({
      sub: expect.stringContaining('agent-id.') as string,
    });
  });
});

function ask(
  path: string,
  options: { bearer?: string; authorization?: string; agent?: Agent },
): Promise<Answer> {
  const authorization = options.bearer === undefined ? options.authorization : `Bearer ${options.bearer}`;
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const sent = send({ port, path, method: 'POST', headers, agent: options.agent ?? false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(body) as Answer));
    });
    sent.on('error', reject);
    sent.end('{"user":"someone"}');
  });
}
