import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from 'commander';
import { verbs } from '../../src/commands/index.ts';
import type { Io } from '../../src/lib/io.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { Lock, LockedAgent } from '../../src/model/agent.ts';
import type { ReviewSheet } from '../../src/model/review.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { renderError } from '../../src/output/error.ts';
import { makeKey, startKit, type Kit, type TestKey } from './kit.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const day = 86_400_000;
const key: TestKey = makeKey();
const ids = ['reader', 'writer', 'rogue'] as const;
let kit: Kit;
let home: string;
let repo: string;
let now: () => number = Date.now;

beforeAll(async () => {
  kit = await startKit();
  home = join(kit.folder, 'state');
  repo = join(kit.folder, 'repo');
  await mkdir(repo);
  for (const id of ids)
    await kit.register(clientOf(id), key, { acts_for: 'itself', client_name: nameOf(id) });
  const agents = Object.fromEntries(ids.map((id) => [id, locked(id)]));
  await writeFile(join(repo, lockName), renderLock({ schemaVersion: 1, agents, secrets: {} }));
  expect((await run('idp', 'add', 'local', '--type', 'embedded', '--data', kit.dataDir)).code).toBe(0);
});
afterAll(() => kit.stop());

function run(...args: readonly string[]): Promise<Ran> {
  return runWith('', args);
}

async function runWith(input: string, args: readonly string[]): Promise<Ran> {
  const text = { out: '', err: '' };
  const io: Io = {
    stdout: (data) => void (text.out += data),
    stderr: (data) => void (text.err += data),
    cwd: repo,
    env: { AGENT_ID_HOME: home },
    interactive: false,
    color: false,
    clock: () => now(),
    stdin: async () => input,
    exitCode: 0,
  };
  const program = new Command('agent-id').exitOverride();
  for (const verb of verbs)
    if (['idp', 'agents', 'audit'].includes(verb.name)) (await verb.load())(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    text.err += renderError(error);
    io.exitCode = 2;
  }
  return { code: io.exitCode, ...text };
}

function clientOf(id: string): string {
  return `agent-id.${id}.abcdefgh`;
}

function nameOf(id: string): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1)} Agent`;
}

async function readLock(): Promise<Lock> {
  return JSON.parse(await readFile(join(repo, lockName), 'utf8')) as Lock;
}

async function grantsOf(id: string): Promise<unknown> {
  return (await kit.admin('GET', `/register/${clientOf(id)}`)).body['grants'];
}

/** Exports, fills in and gives back. */
async function decide(choose: (agent: string, scope: string) => string | null): Promise<Ran> {
  expect((await run('agents', 'review', '--export', 'sheet.json')).code).toBe(0);
  const sheet = JSON.parse(await readFile(join(repo, 'sheet.json'), 'utf8')) as ReviewSheet;
  const agents = sheet.agents.map((agent) => ({
    ...agent,
    scopes: agent.scopes.map((scope) => ({ ...scope, decision: choose(agent.id, scope.scope) })),
  }));
  const filled = JSON.stringify({ ...sheet, agents });
  return runWith(filled, ['agents', 'review', '--decisions', '-', '--reviewer', 'ada']);
}

describe('agents review', () => {
  it('shows each scope with its last use, by the provider’s log, and changes nothing', async () => {
    const got = await kit.itself(clientOf('reader'), key, { scope: 'okta.users.read' });
    expect(got.status).toBe(200);
    const shown = await run('agents', 'review', '--format', 'json');
    expect([shown.code, shown.err]).toEqual([0, expect.stringContaining('Nothing was reviewed')]);
    const { agents } = JSON.parse(shown.out) as ReviewSheet;
    expect(
      agents.map(({ id, status, reviewed, providerLog }) => [id, status, reviewed, providerLog]),
    ).toEqual(ids.toSorted().map((id) => [id, 'active', null, true]));
    const reader = agents.find(({ id }) => id === 'reader');
    expect(reader?.scopes).toMatchObject([
      {
        scope: 'okta.users.read',
        evidence: 'src/main.ts:3 GET /api/v1/users',
        lastUsed: expect.stringMatching(/Z$/) as string,
      },
      { scope: 'okta.users.manage', evidence: null, lastUsed: null },
    ]);
    const since = `not used since ${agents[0]?.logSince}, as far back as the provider’s log goes`;
    expect(agents[0]?.logSince).toBe(reader?.scopes[0]?.lastUsed);
    expect((await run('agents', 'review', 'reader')).out).toContain(`okta.users.manage  ${since}`);
    expect((await run('agents', 'show', 'reader')).out).toContain(
      `okta.users.manage  (no evidence)  ${since}`,
    );
  });

  it('fails in CI while agents were never reviewed', async () => {
    const checked = await run('agents', 'review', '--check');
    expect([checked.code, checked.out]).toEqual([
      1,
      'reader  was never reviewed\nrogue  was never reviewed\nwriter  was never reviewed\n',
    ]);
  });

  it('exports csv, json, and a page that allows its own script and style only', async () => {
    const files = ['a.csv', 'json=b.txt', 'c.html'].flatMap((file) => ['--export', file]);
    const done = await run('agents', 'review', ...files);
    expect([done.code, done.out]).toEqual([0, '']);
    const csv = await readFile(join(repo, 'a.csv'), 'utf8');
    expect(csv.split('\r\n')).toHaveLength(8);
    expect(JSON.parse(await readFile(join(repo, 'b.txt'), 'utf8'))).toMatchObject({ schemaVersion: 1 });
    const html = await readFile(join(repo, 'c.html'), 'utf8');
    const hashes = [.../<(script|style)>([^]*?)<\/\1>/g[Symbol.matchAll](html)].map(
      ([, , text = '']) => `sha256-${createHash('sha256').update(text).digest('base64')}`,
    );
    expect(hashes).toHaveLength(2);
    const policy = /content="(default-src[^"]*)"/.exec(html)?.[1] ?? '';
    for (const hash of hashes) expect(policy).toContain(`'${hash}'`);
    expect(html).toContain('&lt;b&gt;support');
    expect(html).not.toContain('<b>');
    expect((await run('agents', 'review', '--export', 'x.pdf')).err).toContain('error[usage]');
  });

  it('does nothing at all for a file that is wrong in one place', async () => {
    const before = [await readFile(join(repo, lockName), 'utf8'), await grantsOf('writer')];
    const wrong = [
      await decide((agent, scope) => (agent === 'rogue' && scope.endsWith('read') ? null : 'revoke')),
      await decide((agent) => (agent === 'rogue' ? 'narrow' : 'revoke')),
      await decide((agent) => (agent === 'rogue' ? 'perhaps' : 'revoke')),
    ];
    expect(wrong.map(({ code, err }) => [code, /error\[[\w-]+\]/.exec(err)?.[0]])).toEqual(
      Array.from({ length: 3 }, () => [2, 'error[usage]']),
    );
    await writeFile(join(repo, 'd.csv'), 'agent,resource,scope,decision\nreader,x,okta.apps.manage,keep\n');
    expect((await run('agents', 'review', '--decisions', 'd.csv')).err).toContain('error[changed-since]');
    await writeFile(join(repo, 'd.csv'), 'agent,scope\n');
    expect((await run('agents', 'review', '--decisions', 'd.csv')).err).toContain('error[malformed]');
    const piped = await runWith('agent,scope\n', ['agents', 'review', '--decisions', '-']);
    expect([piped.code, piped.err]).toEqual([2, expect.stringMatching(/malformed[^]*standard input/)]);
    expect((await run('agents', 'review', '--decisions', 'none.csv')).err).toContain('error[unreadable]');
    expect([await readFile(join(repo, lockName), 'utf8'), await grantsOf('writer')]).toEqual(before);
  });

  it('keeps, narrows the registration and revokes, and records who decided', async () => {
    const done = await decide((agent, scope) => {
      if (agent === 'rogue') return 'revoke';
      return agent === 'reader' && scope === 'okta.users.manage' ? 'narrow' : 'keep';
    });
    expect([done.code, done.err]).toEqual([
      0,
      expect.stringContaining('Reader Agent has no longer: okta.users.manage'),
    ]);
    expect(await grantsOf('reader')).toEqual([{ uri: kit.idp.passwordApiUrl, scopes: ['okta.users.read'] }]);
    const tokens = await Promise.all([
      kit.itself(clientOf('reader'), key, { scope: 'okta.users.read' }),
      kit.itself(clientOf('reader'), key, { scope: 'okta.users.manage' }),
      kit.itself(clientOf('writer'), key, { scope: 'okta.users.manage' }),
      kit.itself(clientOf('rogue'), key, { scope: 'okta.users.read' }),
    ]);
    expect(tokens.map(({ status }) => status)).toEqual([200, 400, 200, 400]);
    const { agents } = await readLock();
    expect(agents['reader']?.resources[0]?.scopes.map(({ scope }) => scope)).toEqual(['okta.users.read']);
    const log = await run('audit', 'show');
    expect(log.out).toMatch(
      /Rogue Agent was reviewed by ada {2}\S+ {2}revoke: okta\.users\.read okta\.users\.manage/,
    );
    expect(log.out).toMatch(
      /Reader Agent was reviewed by ada {2}\S+ {2}narrow: okta\.users\.manage {2}okta\.users\.read {2}ok/,
    );
    const entries = (await readFile(join(home, 'audit', 'log.jsonl'), 'utf8')).trim().split('\n');
    const hashes = entries.map((line) => (JSON.parse(line) as { hash: string }).hash);
    expect(hashes).toContain(agents['writer']?.reviewed?.entry);
    expect((await run('audit', 'verify')).code).toBe(0);
  });

  it('is content in CI for 90 days, unless something was granted since', async () => {
    expect((await run('agents', 'review', '--check')).code).toBe(0);
    now = () => Date.now() + 91 * day;
    const late = await run('agents', 'review', '--check', '--format', 'json');
    expect([late.code, (JSON.parse(late.out) as { stale: unknown[] }).stale.length]).toEqual([1, 3]);
    expect((await run('agents', 'review', '--check', '--max-age', '100d')).code).toBe(0);
    now = Date.now;
    const lock = await readLock();
    const [resource] = lock.agents['writer']?.resources ?? [];
    const scopes = [...(resource?.scopes ?? []), { scope: 'okta.groups.read', evidence: [] }];
    const writer = { ...lock.agents['writer'], resources: [{ ...resource, scopes }] } as LockedAgent;
    await writeFile(join(repo, lockName), renderLock({ ...lock, agents: { ...lock.agents, writer } }));
    const grown = await run('agents', 'review', '--check');
    expect([grown.code, grown.out]).toEqual([1, 'writer  was granted after its review: okta.groups.read\n']);
  });
});

describe('agents register', () => {
  const described = {
    agents: {
      nightly: {
        actsFor: 'itself',
        owner: '@acme/data',
        resources: { 'password-api': ['okta.groups.read'] },
      },
    },
  };

  async function register(data: object, ...more: readonly string[]): Promise<Ran> {
    await writeFile(join(repo, 'agents.json'), JSON.stringify(data));
    return run('agents', 'register', 'agents.json', ...more);
  }

  it('refuses what is not described well, or not trusted, before anything is made', async () => {
    const before = await readFile(join(repo, lockName), 'utf8');
    const { nightly } = described.agents;
    const bad = [
      await register({}),
      await register({ agents: { nightly: { ...nightly, actsFor: 'everybody' } } }),
      await register({ agents: { '../nightly': nightly } }),
      await register({ agents: { nightly: { ...nightly, resources: { 'password-api': [] } } } }),
      await register({ agents: { nightly, other: { ...nightly, resources: { payroll: ['all'] } } } }),
      await register({ agents: { nightly: { ...nightly, resources: { 'password-api': ['root'] } } } }),
    ];
    expect(bad.map(({ code, err }) => [code, /error\[([\w-]+)\]/.exec(err)?.[1]])).toEqual(
      ['malformed', 'malformed', 'usage', 'malformed', 'untrusted-resource', 'untrusted-resource'].map(
        (code) => [2, code],
      ),
    );
    expect(await readFile(join(repo, lockName), 'utf8')).toBe(before);
  });

  it('registers once, with a key here, and the agent works', async () => {
    expect((await register(described, '--dry-run')).code).toBe(1);
    const done = await register(described, '--format', 'json');
    expect(done.code).toBe(0);
    const { registered } = JSON.parse(done.out) as { registered: { clientId: string }[] };
    const [agent] = registered;
    expect((await kit.admin('GET', `/register/${agent?.clientId ?? ''}`)).body).toMatchObject({
      client_name: 'Nightly Agent',
      acts_for: 'itself',
      grants: [{ uri: kit.idp.passwordApiUrl, scopes: ['okta.groups.read'] }],
    });
    const lock = await readFile(join(repo, lockName), 'utf8');
    expect((await register(described, '--dry-run')).code).toBe(0);
    expect((await register(described)).err).toBe('nightly: is as described\n');
    expect(await readFile(join(repo, lockName), 'utf8')).toBe(lock);
    expect((await run('agents', 'rotate', 'nightly', '--overlap', '0s')).code).toBe(0);
    expect((await run('agents', 'remove', 'nightly', '--yes')).code).toBe(0);
  });
});

describe('agents gc', () => {
  const stray = 'agent-id.stray.abcdefgh';
  const foreign = 'payroll';

  it('shows what no lock file knows, and removes nothing unasked', async () => {
    await kit.register(stray, key, { acts_for: 'itself', client_name: 'Stray Agent' });
    await kit.register(foreign, key, { software_id: undefined, client_name: 'Payroll' });
    for (const args of [['--dry-run', '--yes'], []]) {
      const shown = await run('agents', 'gc', ...args);
      expect([shown.code, shown.out]).toEqual([
        1,
        `no lock  local  ${stray}  Stray Agent  active  no token known\n`,
      ]);
    }
    expect((await kit.admin('GET', `/register/${stray}`)).status).toBe(200);
  });

  it('knows the lock files of other repositories', async () => {
    const agents = { stray: { ...locked('stray'), clientId: stray } };
    await writeFile(join(kit.folder, 'other.json'), renderLock({ schemaVersion: 1, agents, secrets: {} }));
    const agreed = await run('agents', 'gc', '--lock', join(kit.folder, 'other.json'));
    expect([agreed.code, agreed.out, agreed.err]).toEqual([0, '', 'Provider and lock file agree.\n']);
    expect((await run('agents', 'gc', '--lock', 'none.json')).err).toContain('error[unreadable]');
  });

  it('spares what got a token lately unless it is named, and never touches a foreign application', async () => {
    expect((await run('agents', 'gc', '--yes')).err).toContain('0 of 1 removed');
    expect((await kit.itself(stray, key, { scope: 'okta.users.read' })).status).toBe(200);
    const spared = await run('agents', 'gc', '--yes');
    expect([spared.code, spared.err]).toEqual([1, expect.stringContaining('0 of 1 removed')]);
    const removed = await run('agents', 'gc', '--yes', '--only', stray, '--format', 'json');
    expect([removed.code, JSON.parse(removed.out)]).toEqual([
      0,
      expect.objectContaining({ removed: [stray], missing: [], unasked: [] }),
    ]);
    expect((await kit.admin('GET', `/register/${stray}`)).status).toBe(404);
    expect((await kit.admin('GET', `/register/${foreign}`)).status).toBe(200);
    expect((await run('audit', 'show')).out).toContain('Stray Agent was removed');
  });

  it('takes an agent out of the lock file whose application is gone', async () => {
    await kit.admin('DELETE', `/register/${clientOf('rogue')}`);
    expect((await run('agents', 'gc')).out).toContain('agent rogue of agent-id.lock.json');
    expect((await run('agents', 'gc', '--yes')).code).toBe(0);
    expect(Object.keys((await readLock()).agents)).toEqual(['reader', 'writer']);
  });

  it('asks nothing of an issuer that only a lock file names', async () => {
    const before = await readLock();
    const reader = { ...locked('reader'), issuer: 'http://127.0.0.1:9' };
    await writeFile(join(repo, lockName), renderLock({ ...before, agents: { reader } }));
    const asked = await run('agents', 'gc', '--yes', '--format', 'json');
    expect([asked.code, JSON.parse(asked.out)]).toEqual([
      1,
      expect.objectContaining({ orphans: [], missing: [], removed: [] }),
    ]);
    await writeFile(join(repo, lockName), renderLock(before));
  });
});

function locked(id: string): LockedAgent {
  const evidence = id === 'reader' ? [{ path: 'src/main.ts', line: 3, call: 'GET /api/v1/users' }] : [];
  return {
    displayName: nameOf(id),
    owner: '@acme/<b>support</b>',
    idp: 'local',
    issuer: kit.idp.issuer,
    clientId: clientOf(id),
    keys: [],
    flow: 'as-itself',
    resources: [
      {
        key: 'password-api',
        uri: kit.idp.passwordApiUrl,
        scopes: [
          { scope: 'okta.users.read', evidence },
          { scope: 'okta.users.manage', evidence: [] },
        ],
        maxTtlSeconds: 300,
      },
    ],
    consumers: [],
  };
}
