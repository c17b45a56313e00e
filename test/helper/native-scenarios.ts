import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHead, writeHead } from '../../src/audit/head.ts';
import { appendAudit } from '../../src/audit/log.ts';
import { toOperation } from '../../src/exchange/operation.ts';
import { readAuditKey } from '../../src/lib/keys.ts';
import { sample } from '../audit/sample.ts';
import { clientId, userScope } from '../exchange/fake-as.ts';
import { hardName, startNativeWorld, type Asked, type NativeWorld } from './native-world.ts';

/** One language's helper. */
export interface Port {
  /** Puts a service with the helper into the world's root. */
  readonly install: (world: NativeWorld) => Promise<void>;
  /** Runs the service for a user, or as itself; gives what it prints: a header or an error for each thread. */
  readonly ask: (world: NativeWorld, subject: string | null, asked?: Asked) => Promise<string>;
  /**
   * Runs a service that reads each address with its client, as itself; gives a line of status and body, or an error.
   * Not there where the language's client is not installed.
   */
  readonly get?: (world: NativeWorld, addresses: readonly string[]) => Promise<string>;
}

type Claims = Record<string, unknown>;
const refused: readonly [string, (answer: Claims, claims: Claims) => void][] = [
  ['wider than asked', (answer) => (answer['scope'] = `${userScope} more`)],
  ['wider than asked', (_, claims) => (claims['scope'] = `${userScope} more`)],
  ['wider than asked', (_, claims) => Object.assign(claims, { scope: undefined, scp: ['more'] })],
  ['lives longer', (answer) => (answer['expires_in'] = 3600)],
  ['lives longer', (_, claims) => (claims['exp'] = Number(claims['iat']) + 3600)],
  ['lives longer', (_, claims) => Object.assign(claims, { exp: Number(claims['exp']) + 90, iat: undefined })],
  ['expired already', (_, claims) => (claims['exp'] = Number(claims['iat']) - 1)],
  ['wrong actor', (_, claims) => (claims['act'] = { sub: 'another' })],
  ['wrong actor', (_, claims) => (claims['act'] = { sub: { sub: clientId } })],
  ['wrong actor', (_, claims) => delete claims['act']],
  ['wrong audience', (_, claims) => (claims['aud'] = 'https://else.example')],
  ['wrong audience', (_, claims) => (claims['aud'] = [claims['aud'], 'https://else.example'])],
  ['wrong audience', (_, claims) => (claims['aud'] = [])],
  ['wrong issuer', (_, claims) => (claims['iss'] = 'https://else.example')],
  ['another user', (_, claims) => (claims['sub'] = 'user-y')],
  ['another user', (_, claims) => (claims['sub'] = { sub: 'user-x' })],
  ['not a bearer token', (answer) => (answer['token_type'] = 'DPoP')],
  ['not an access token', (answer) => delete answer['issued_token_type']],
  ['no usable access token', (answer) => (answer['access_token'] = 'a\r\nb')],
];

/** Shows what every helper does where neither Node nor `agent-id` is. Gives the world of the running test. */
export function describeNative(name: string, { install, ask, get }: Port): () => NativeWorld {
  let here: NativeWorld;
  beforeEach(async () => {
    here = await startNativeWorld();
    await install(here);
  });
  afterEach(() => here.stop());
  const asUser = (asked?: Asked): Promise<string> => ask(here, here.fake.subject('user-x'), asked);
  const log = (): Promise<string> => readFile(join(here.state, 'audit/log.jsonl'), 'utf8');
  const answers = (...statuses: readonly number[]): void => {
    const left = [...statuses];
    here.fake.intercept = (response) => {
      const status = left.shift();
      if (status === undefined) return false;
      response.writeHead(status, { 'retry-after': status === 429 ? '1' : '' });
      response.end('{"error":"invalid_client"}');
      return true;
    };
  };

  describe(`${name}: exchanging`, () => {
    it('exchanges once for many threads, and audits it', async () => {
      const said = await asUser({ threads: 8 });
      expect(said).toMatch(/^Bearer \S+\n/);
      expect(said.trim().split('\n')).toHaveLength(8);
      expect(new Set(said.trim().split('\n')).size).toBe(1);
      expect(here.fake.seen).toHaveLength(1);
      expect(here.fake.seen[0]?.assertion).toMatchObject({
        iss: clientId,
        sub: clientId,
        aud: `${here.fake.origin}/token`,
      });
      expect(await here.entries()).toBe(1);
      expect(await ask(here, null)).toMatch(/^Bearer /);
      expect(here.fake.seen[1]?.form.get('grant_type')).toBe('client_credentials');
      expect(await here.entries()).toBe(2);
      const [first, second] = (await log()).split('\n').map((line) => line && (JSON.parse(line) as Claims));
      expect(first).toMatchObject({ user: 'user-x', asItself: false, result: 'ok', jti: 'jti-1' });
      expect(first).toMatchObject({ agent: { displayName: hardName }, operation: 'token exchange' });
      expect(second).toMatchObject({ user: null, asItself: true, operation: 'client credentials' });
    });

    it.each(refused)('refuses an answer: %s', async (what, alter) => {
      here.fake.alter = alter;
      expect(await asUser()).toMatch(new RegExp(`^unacceptable-token .*${what}`));
      expect(await log()).toContain('"reason":"unacceptable-token","resource"');
      expect(await here.entries()).toBe(1);
    });

    it('writes the name of any user as Node does', async () => {
      const names = [hardName, 'a\ud83d', '\udc00'];
      for (const sub of names) await ask(here, here.fake.subject(sub));
      expect(await here.entries()).toBe(names.length);
      const users = (await log()).split('\n').map((line) => line && (JSON.parse(line) as Claims)['user']);
      expect(users[0]).toBe(hardName);
    });

    it('says that a revoked agent is denied', async () => {
      answers(401);
      expect(await asUser()).toMatch(/^denied .*invalid_client/);
      expect(await log()).toContain('"result":"denied"');
      expect(await here.entries()).toBe(1);
    });

    it('asks again while the provider is busy, with another proof, and audits once', async () => {
      answers(503, 429);
      expect(await asUser()).toMatch(/^Bearer /);
      const proofs = here.fake.seen.map(({ assertion }) => assertion['jti']);
      expect(new Set(proofs).size).toBe(3);
      expect(await here.entries()).toBe(1);
    });

    it('says that the provider is out of order, and may be asked again', async () => {
      answers(503, 503, 503, 503);
      expect(await asUser()).toMatch(/^idp-unreachable .*503/);
      expect(here.fake.seen).toHaveLength(3);
    });

    it('does not wait for as long as the provider likes', async () => {
      here.fake.intercept = (response) => {
        response.writeHead(429, { 'retry-after': '3600' }).end();
        return true;
      };
      expect(await asUser()).toMatch(/^idp-unreachable .*429/);
      expect(here.fake.seen).toHaveLength(1);
    });

    it.each(['[]', 'null', '{"access_token":{"a":1},"expires_in":"5"}', '\xff', ''])(
      'takes no such answer for a token: %j',
      async (body) => {
        here.fake.intercept = (response) => {
          response.writeHead(200).end(Buffer.from(body, 'latin1'));
          return true;
        };
        expect(await asUser()).toMatch(/^unacceptable-token .*no usable access token/);
        expect(await here.entries()).toBe(1);
      },
    );

    it('takes no answer that is made to break its reader', async () => {
      const encode = (text: string): string => Buffer.from(text).toString('base64url');
      const huge = `{"exp":1${'0'.repeat(400)},"act":{"sub":"${clientId}"},"aud":"${here.fake.resource}"}`;
      const deep = '['.repeat(200_000);
      const tokens = [huge, deep].map((claims) => `${encode('{}')}.${encode(claims)}.${encode('x')}`);
      const issued = 'urn:ietf:params:oauth:token-type:access_token';
      const bodies = tokens.map((token) =>
        JSON.stringify({
          access_token: token,
          token_type: 'Bearer',
          issued_token_type: issued,
          expires_in: 60,
        }),
      );
      for (const body of [deep, ...bodies]) {
        here.fake.intercept = (response) => {
          response.writeHead(200).end(body);
          return true;
        };
        expect(await asUser()).toMatch(/^(unacceptable-token|idp-refused) /);
      }
      expect(await here.entries()).toBe(3);
    });

    it('asks what is on this machine through no proxy', async () => {
      const proxy = here.fake.origin.replace('127.0.0.1', 'localhost');
      let seen = 0;
      here.fake.api = (_, response) => {
        seen += 1;
        response.end('{}');
      };
      const env = { http_proxy: proxy, HTTP_PROXY: proxy, https_proxy: proxy };
      expect(await asUser({ env })).toMatch(/^Bearer /);
      expect(seen).toBe(0);
    });

    it('hands out nothing of an answer that broke off', async () => {
      here.fake.intercept = (response) => {
        response.writeHead(200, { 'content-length': '500' });
        response.write('{"access_token":"', () => response.destroy());
        return true;
      };
      expect(await asUser()).toMatch(/^(idp-unreachable|unacceptable-token) /);
      expect(await here.entries()).toBe(1);
    });

    it.each([
      { issuer: 'https://else.example' },
      { token_endpoint: 'http://else.example/token' },
      { token_endpoint: 5 },
    ])("gives nobody the user's token by such metadata: %j", async (metadata) => {
      here.fake.metadata = metadata;
      expect(await asUser()).toMatch(/^untrusted-issuer /);
      expect(here.fake.seen).toEqual([]);
      expect(await here.entries()).toBe(1);
    });

    it('follows no redirect', async () => {
      here.fake.intercept = (response) => {
        response.writeHead(307, { location: '/api/' }).end();
        return true;
      };
      let carried = '';
      here.fake.api = (request, response) => {
        carried = request.url ?? '';
        response.end('{}');
      };
      expect(await asUser()).toMatch(/^idp-refused .*307/);
      expect(carried).toBe('');
    });
  });

  describe.skipIf(get === undefined)(`${name}: calling`, () => {
    const read = async (...addresses: readonly string[]): Promise<string> =>
      (await get?.(here, addresses)) ?? '';
    const refuse = (response: ServerResponse, error = 'invalid_token'): void => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="api", error="${error}"` }).end('refused');
    };
    const carried: string[] = [];
    const answersApi = (...refusals: readonly (string | undefined)[]): void => {
      const left = [...refusals];
      carried.length = 0;
      here.fake.api = (request, response) => {
        carried.push(`${request.url} ${request.headers.authorization ?? 'nothing'}`);
        const error = left.shift();
        if (error === undefined) response.end('done');
        else refuse(response, error);
      };
    };

    it('exchanges once more where the resource no longer takes the token, and keeps the new one', async () => {
      answersApi('invalid_token');
      expect(await read(here.fake.resource, here.fake.resource)).toBe('200 done\n200 done\n');
      expect(here.fake.seen).toHaveLength(2);
      expect(carried).toHaveLength(3);
      expect(carried[1]).not.toBe(carried[0]);
      expect(carried[2]).toBe(carried[1]);
      // Two exchanges, and two calls whatever they took.
      expect(await here.entries()).toBe(4);
    });

    it.each([
      ['a token that is refused again', ['invalid_token', 'invalid_token'], 2],
      ['what is no fault of the token', ['insufficient_scope'], 1],
    ])('gives back a refusal: %s', async (_, refusals, exchanges) => {
      answersApi(...refusals);
      expect(await read(here.fake.resource)).toBe('401 refused\n');
      expect(here.fake.seen).toHaveLength(exchanges);
    });

    it('writes each call down as Node does, and what was called by no id', async () => {
      const paths = ['', 'v1/users/00u1/lifecycle/reset_password', 'users/me?limit=1', 'access/x9', 's/a.b'];
      answersApi(...paths.map((path) => (path === 's/a.b' ? 'insufficient_scope' : undefined)));
      await read(...paths.map((path) => here.fake.resource + path));
      const calls = (await log()).split('\n').filter((line) => line.includes('"action":"call"'));
      const told = calls.map((line) => JSON.parse(line) as Claims);
      expect(told.map(({ operation }) => operation)).toEqual(
        paths.map((path) => toOperation('get', new URL(here.fake.resource + path).pathname)),
      );
      expect(told.map(({ result, reason }) => [result, reason])).toEqual([
        ...paths.slice(1).map(() => ['ok', null]),
        ['denied', '401'],
      ]);
      expect(told[0]).toMatchObject({ user: null, asItself: true, jti: 'jti-1', scopes: [userScope] });
      expect(await here.entries()).toBe(paths.length + 1);
    });

    it('sends the token nowhere else', async () => {
      answersApi();
      const { origin, resource } = here.fake;
      const elsewhere = ['apis/', 'api/../else', 'api/%2e%2e/else', 'api/..%2felse', 'api/%2E%2E%5Celse'];
      const said = await read(
        ...elsewhere.map((path) => `${origin}/${path}`),
        resource.replace('127.0.0.1', 'localhost'),
        resource.replace('http://', 'http://user@'),
        `${resource}below`,
      );
      const lines = said.trim().split('\n');
      for (const line of lines.slice(0, -1)) expect(line).toMatch(/^untrusted-resource /);
      expect(lines.at(-1)).toBe('200 done');
      expect(carried.filter((line) => line.includes('Bearer'))).toHaveLength(1);
    });

    it.each([
      ['another origin', 'http://localhost:'],
      ['another folder', '/else'],
    ])('carries the token along no redirect to %s', async (_, to) => {
      const { origin, resource } = here.fake;
      carried.length = 0;
      here.fake.api = (request, response) => {
        carried.push(`${request.url} ${request.headers.authorization ?? 'nothing'}`);
        const location = to.startsWith('/') ? to : `${origin.replace('http://127.0.0.1:', to)}/else`;
        if (request.url === '/api/') response.writeHead(302, { location }).end();
        else refuse(response);
      };
      await read(resource);
      expect(carried[0]).toMatch(/^\/api\/ Bearer /);
      expect(carried.filter((line) => line.includes('Bearer'))).toHaveLength(1);
    });
  });

  describe(`${name}: trust and keys`, () => {
    it('goes on with the key that a rotation put there while it asked', async () => {
      const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      here.fake.intercept = (response) => {
        here.fake.intercept = () => false;
        here.fake.clientKey = next.publicKey;
        writeFileSync(here.keyFile, JSON.stringify(next.privateKey.export({ format: 'jwk' })));
        response.writeHead(401).end('{"error":"invalid_client"}');
        return true;
      };
      expect(await asUser()).toMatch(/^Bearer /);
      expect(new Set(here.fake.seen.map(({ kid }) => kid)).size).toBe(2);
      expect(await here.entries()).toBe(1);
    });

    it('says how wrong the clock is', async () => {
      for (const minutes of [10, -10]) {
        const date = new Date(Date.now() + minutes * 60_000).toUTCString();
        here.fake.intercept = (response) => {
          response.writeHead(401, { date }).end('{"error":"invalid_client"}');
          return true;
        };
        const way = minutes > 0 ? 'behind' : 'ahead of';
        expect(await asUser()).toMatch(new RegExp(`^denied .*clock is about 10 min ${way} the provider's`));
      }
    });

    it.skipIf(spawnSync('mkfifo', ['--version']).status !== 0)('waits for no pipe', async () => {
      await rm(here.keyFile);
      spawnSync('mkfifo', ['-m', '600', here.keyFile]);
      expect(await asUser()).toMatch(/^unreadable /);
    });

    it('sends nothing without trust, TLS, or a key of its own', async () => {
      await here.trust('http://idp.example');
      expect(await asUser()).toMatch(/^untrusted-issuer /);
      await rm(here.trustFile);
      expect(await asUser()).toMatch(/^untrusted-issuer /);
      await here.trust(here.fake.origin);
      await chmod(here.keyFile, 0o644);
      expect(await asUser()).toMatch(/^unreadable /);
      await rm(here.keyFile);
      expect(await asUser()).toMatch(/AGENT_ID_COMMAND/);
      await symlink(here.fake.keyFile, here.keyFile);
      expect(await asUser()).toMatch(/^unreadable /);
      expect(here.fake.seen).toEqual([]);
    });

    it('takes no trust from the environment beside a trust file that it cannot read', async () => {
      const env = { AGENT_ID_ISSUER: here.fake.origin };
      for (const unread of [{ schemaVersion: 2 }, { schemaVersion: 1, name: 'fake', resources: [] }]) {
        await writeFile(here.trustFile, JSON.stringify(unread));
        expect(await asUser({ env })).toMatch(/^malformed .*fake\.json/);
      }
      expect(here.fake.seen).toEqual([]);
    });

    it('takes the issuer that a job names, and no other', async () => {
      await rm(here.trustFile);
      expect(await asUser({ env: { AGENT_ID_ISSUER: 'https://else.example' } })).toMatch(/^untrusted-issuer/);
      expect(await asUser({ env: { AGENT_ID_ISSUER: here.fake.origin } })).toMatch(/^Bearer /);
    });

    it("shows a job's issuer no user of another, whose token may be opaque", async () => {
      await rm(here.trustFile);
      const env = { AGENT_ID_ISSUER: here.fake.origin };
      const foreign = here.fake.subject('user-x', { iss: 'https://else.example' });
      for (const subject of [foreign, 'opaque']) {
        expect(await ask(here, subject, { env })).toMatch(/^untrusted-issuer .*not sent/);
      }
      expect(here.fake.seen).toEqual([]);
      await here.trust(here.fake.origin);
      expect(await ask(here, foreign)).toMatch(/^Bearer /);
    });

    it.each(['', '\xff', '"}'])('says nothing of a malformed key file (%j)', async (end) => {
      const secret = (await readFile(here.keyFile, 'utf8')).slice(0, -9);
      await writeFile(here.keyFile, Buffer.from(secret + end, 'latin1'));
      const said = await asUser();
      expect(said).toMatch(/^malformed .*password-reset\.json/);
      expect(said).not.toContain(secret.slice(20, 60));
    });

    it('leaves a resource that wants proofs to the command', async () => {
      const trust = await readFile(here.trustFile, 'utf8');
      await writeFile(here.trustFile, trust.replace('"maxTtl', '"dpop":true,"maxTtl'));
      expect(await asUser()).toMatch(/AGENT_ID_COMMAND/);
      expect(here.fake.seen).toEqual([]);
    });

    it.each([
      ['resource', '/api/"', '/else/"'],
      ['issuer', '"maxTtl', '"tokenIssuer":"https://else.example","maxTtl'],
    ])('refuses another %s in the lock file', async (what, trusted, other) => {
      const lock = join(here.root, 'agent-id.lock.json');
      await writeFile(lock, (await readFile(lock, 'utf8')).replace(trusted, other));
      expect(await asUser()).toMatch(new RegExp(`^untrusted-${what} `));
      expect(here.fake.seen).toEqual([]);
    });
  });

  describe(`${name}: audit log`, () => {
    it.each(['of a process that is gone', 'of nobody'])('takes over a lock %s', async (whose) => {
      const gone = spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).stdout;
      await mkdir(join(here.state, 'audit'), { mode: 0o700 });
      const lock = join(here.state, 'audit/.lock');
      await writeFile(lock, whose === 'of nobody' ? '' : gone);
      if (whose === 'of nobody') spawnSync('touch', ['-d', '2020-01-01', lock]);
      expect(await asUser()).toMatch(/^Bearer /);
      expect(await here.entries()).toBe(1);
    });

    it('writes beside the command, and the log stays intact', async () => {
      const paths = { audit: join(here.state, 'audit'), keys: join(here.state, 'keys') };
      await appendAudit(paths, sample({ user: 'first' }));
      const asked = Array.from({ length: 4 }, () => asUser());
      for (let at = 0; at < 8; at += 1) await appendAudit(paths, sample({ user: `user-${at}` }));
      for (const said of await Promise.all(asked)) expect(said).toMatch(/^Bearer /);
      await appendAudit(paths, sample({ user: 'last' }));
      expect(await here.entries()).toBe(14);
    });

    it('goes on after a crash at any byte of an entry', async () => {
      const [file, head] = [join(here.state, 'audit/log.jsonl'), join(here.state, 'audit/head.json')];
      const key = (await readAuditKey({ keys: join(here.state, 'keys') }, true)) ?? Buffer.alloc(0);
      await asUser();
      const before = await readHead(head, key);
      await asUser();
      const after = await readHead(head, key);
      const whole = await readFile(file);
      if (typeof before !== 'object' || typeof after !== 'object') throw new Error('there is no head');
      expect(after).toEqual({ last: { ...after.last, size: whole.length }, next: null, tears: 0 });
      for (const length of [before.last.size, before.last.size + 40, whole.length]) {
        await writeFile(file, whole.subarray(0, length));
        await writeHead(head, { last: before.last, next: after.last, tears: 0 }, key);
        expect(await asUser()).toMatch(/^Bearer /);
        expect(await here.entries()).toBe(length === whole.length ? 3 : 2);
        const torn = length === before.last.size + 40 ? 1 : 0;
        expect(await readHead(head, key)).toMatchObject({ next: null, tears: torn });
      }
    });

    it('cuts off a confirmed last line that is there in part, and counts the tear', async () => {
      const [file, head] = [join(here.state, 'audit/log.jsonl'), join(here.state, 'audit/head.json')];
      const key = (await readAuditKey({ keys: join(here.state, 'keys') }, true)) ?? Buffer.alloc(0);
      for (let at = 0; at < 3; at += 1) await asUser();
      const whole = await readFile(file);
      for (const [tears, left] of [1, 40, whole.length - 1].entries()) {
        const before = whole.lastIndexOf(10, whole.length - 2) + 1;
        const size = left === whole.length - 1 ? left : before + left;
        const now = await readFile(file);
        await writeFile(file, now.subarray(0, size));
        expect(await asUser()).toMatch(/^Bearer /);
        expect(await here.entries()).toBe(3);
        expect(await readHead(head, key)).toMatchObject({ next: null, tears: tears + 1 });
      }
    });

    it('hands out nothing where the key of its log is a part of one', async () => {
      for (const part of ['', 'QUJD\n']) {
        await writeFile(join(here.state, 'keys/audit.key'), part, { mode: 0o600 });
        expect(await asUser()).toMatch(/^malformed .*audit log's key/);
      }
    });

    it('closes a log that others could read', async () => {
      await mkdir(join(here.state, 'audit'));
      await chmod(join(here.state, 'audit'), 0o755);
      expect(await asUser()).toMatch(/^Bearer /);
      expect((await stat(join(here.state, 'audit'))).mode & 0o777).toBe(0o700);
      expect((await stat(join(here.state, 'audit/log.jsonl'))).mode & 0o777).toBe(0o600);
      expect((await stat(join(here.state, 'audit/head.json'))).mode & 0o777).toBe(0o600);
    });

    it('hands out nothing where its log has no folder', async () => {
      await writeFile(join(here.root, 'file'), '');
      const env = { AGENT_ID_AUDIT: join(here.root, 'file') };
      expect(await asUser({ env })).toMatch(/^unwritable .*audit log/);
    });

    it('hands out nothing that it cannot write down', async () => {
      await asUser();
      const whole = await log();
      await asUser();
      const two = await log();
      const altered = two.replace('"ok"', '"no"');
      for (const wrong of ['', whole, whole.slice(0, -9), altered.slice(0, -9), `${two}x`]) {
        await writeFile(join(here.state, 'audit/log.jsonl'), wrong);
        expect(await asUser()).toMatch(/^audit-broken .*agent-id audit verify/);
      }
      await rm(join(here.state, 'audit/log.jsonl'));
      expect(await asUser()).toMatch(/^audit-broken /);
      await writeFile(join(here.state, 'audit/log.jsonl'), two);
      await writeFile(join(here.state, 'audit/head.json'), '{"mac":"00"}');
      expect(await asUser()).toMatch(/^audit-broken .*head/);
    });
  });
  return () => here;
}
