import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/model/agent.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let listener: Server;
/** Any connection to the foreign issuer counts, whatever was to be sent. */
let connections = 0;

beforeAll(async () => {
  world = await openWorld();
  listener = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
}, 60_000);

afterAll(async () => {
  await new Promise((done) => listener.close(done));
  await world.close();
});

beforeEach(() => {
  connections = 0;
});

function foreignIssuer(): string {
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}/issuer`;
}

function foreignLock(idp: string): Lock {
  const issuer = foreignIssuer();
  return {
    schemaVersion: 1,
    agents: {
      evil: {
        displayName: 'Evil',
        owner: null,
        idp,
        issuer,
        clientId: 'agent-id-evil',
        keys: [],
        flow: 'as-itself',
        resources: [{ key: 'api', uri: `${issuer}/api`, scopes: [], maxTtlSeconds: 300 }],
        consumers: [],
      },
    },
    secrets: {},
  };
}

/** Every file below a folder with the hash of its bytes, the sandbox's own state apart. */
function files(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const own = names.filter((one) => one.isFile() && !one.parentPath.includes('embedded-idp'));
  return Object.fromEntries(
    own.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

/** Every verb that reads a lock, and what it says to an agent of an issuer that nobody trusts. */
const verbs: readonly (readonly [line: string, code: number, says: string, input?: string])[] = [
  ['agents revoke evil', 2, 'error[untrusted-issuer]'],
  ['agents restore evil', 2, 'error[untrusted-issuer]'],
  ['agents rotate evil', 2, 'error[untrusted-issuer]'],
  ['agents remove evil --yes', 2, 'error[untrusted-issuer]'],
  ['agents enroll evil', 2, 'error[untrusted-issuer]'],
  ['agents enroll evil --device', 2, 'error[untrusted-issuer]'],
  ['agents enroll evil --code-stdin', 2, 'error[untrusted-issuer]', 'AAAA-BBBB-CCCC-DDDD-EEEE'],
  ['agents enroll evil --ci https://ci.example --claim sub=x', 2, 'error[untrusted-issuer]'],
  ['agents code evil', 2, 'error[untrusted-issuer]'],
  ['agents list', 0, 'evil'],
  ['agents show evil', 0, 'this issuer is not trusted here'],
  ['agents review evil --decisions -', 2, 'error[', '{"decisions":[]}'],
  ['agents review --check', 1, 'evil'],
  ['agents register agents.json', 2, 'error['],
  ['agents gc --yes --only evil', 1, 'was not asked'],
  ['token --agent evil --resource api --as-agent', 2, 'error[untrusted-issuer]'],
  ['token --agent evil --resource api --ask user-x', 2, 'error[untrusted-issuer]'],
  ['exec --agent evil --env T=api --as-agent -- true', 125, 'error[untrusted-issuer]'],
];

describe('a repository whose lock names an issuer of its own', () => {
  beforeEach(() => {
    const described = { agents: { evil: { actsFor: 'itself', resources: { api: ['all'] } } } };
    writeFileSync(join(world.root, 'agents.json'), JSON.stringify({ ...described, idp: foreignIssuer() }));
  });

  it.each(['embedded', 'keycloak', 'okta', 'auth0', 'entra', 'oidc'])(
    'makes no request and writes nothing, called %s',
    async (idp) => {
      writeFileSync(join(world.root, 'agent-id.lock.json'), JSON.stringify(foreignLock(idp)));
      const before = files(world.folder);
      for (const verb of ['revoke', 'restore', 'rotate']) {
        const { code, stderr } = await world.run(['agents', verb, 'evil']);
        expect([verb, code, stderr]).toEqual([verb, 2, expect.stringContaining('error[untrusted-issuer]')]);
      }
      expect([connections, files(world.folder)]).toEqual([0, before]);
    },
    60_000,
  );

  it('makes no request and writes nothing, whatever is run', async () => {
    writeFileSync(join(world.root, 'agent-id.lock.json'), JSON.stringify(foreignLock('embedded')));
    const before = files(world.folder);
    for (const [line, code, says, input] of verbs) {
      const ran = await world.run(line.split(' '), input);
      expect([line, ran.code, ran.stdout + ran.stderr]).toEqual([line, code, expect.stringContaining(says)]);
      expect([line, connections, files(world.folder)]).toEqual([line, 0, before]);
    }
  }, 120_000);
});

describe('a repository, where a provider is trusted,', () => {
  const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes', '--allow-dirty'];

  beforeAll(async () => {
    rmSync(join(world.root, 'agent-id.lock.json'), { force: true });
    expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  });

  it('with settings that name a host asks that host nothing', async () => {
    const host = foreignIssuer();
    const settings = join(world.root, 'agent-id.config.yaml');
    const text = [
      `idp: ${host}`,
      'resources:',
      `  password-api: { uri: ${host}/api, authorizationServer: ${host}, issuer: ${host} }`,
      'agents:',
      `  helpdesk: { displayName: Evil, issuer: ${host}, tokenEndpoint: ${host}/token }`,
    ];
    writeFileSync(settings, `schemaVersion: 1\n${text.join('\n')}\n`);
    const before = files(world.folder);
    for (const line of ['plan', 'map', 'scan', 'agents list', 'agents gc', migrate.join(' ')]) {
      const { code, stderr } = await world.run(line.split(' '));
      const names = ['plan', migrate.join(' '), 'agents list', 'agents gc'].includes(line);
      expect([line, stderr.includes('error[unknown-name]'), code === 2]).toEqual([line, names, names]);
    }
    expect([connections, files(world.folder)]).toEqual([0, before]);
    rmSync(settings);
  }, 120_000);

  it('with an edited plan gets nothing registered or written', async () => {
    const plan = join(world.root, 'plan.json');
    expect((await world.run(['plan', '--secret', 'OKTA_API_TOKEN', '--out', plan])).code).toBe(1);
    const text = readFileSync(plan, 'utf8');
    const edits: readonly (readonly [from: string, to: string])[] = [
      [world.embedded.issuer, foreignIssuer()],
      [world.embedded.passwordApiUrl, foreignIssuer()],
      ['okta.users.read', 'okta.users.manage'],
    ];
    for (const [from, to] of edits) {
      expect(text).toContain(from);
      writeFileSync(plan, text.replaceAll(from, to));
      const before = files(world.folder);
      const { code, stderr } = await world.run([...migrate, '--plan', plan]);
      expect([from, code, stderr]).toEqual([from, 2, expect.stringContaining('error[changed-since]')]);
      expect([connections, files(world.folder)]).toEqual([0, before]);
    }
    rmSync(plan);
    const { stdout } = await world.run(['agents', 'gc', '--format', 'json']);
    expect(stdout).not.toContain('agent-id.helpdesk');
  }, 120_000);

  it('with a journal of a real migration goes on with nothing', async () => {
    const clean = join(world.folder, 'clean');
    cpSync(world.root, clean, { recursive: true });
    expect((await world.run(migrate)).code).toBe(0);
    const journals = join(world.home, 'tx');
    const own = files(journals);
    expect(Object.keys(own).some((path) => path.endsWith('journal.ndjson'))).toBe(true);
    const name = world.root.split('/').at(-1) ?? '';
    rmSync(world.root, { recursive: true });
    renameSync(clean, join(world.folder, name));
    const folders = ['tx', '.agent-id/tx', 'agent-id/tx', '.agent-id', 'state/tx'];
    for (const folder of folders) {
      mkdirSync(join(world.root, folder), { recursive: true });
      cpSync(journals, join(world.root, folder), { recursive: true });
    }
    for (const path of Object.keys(files(world.root))) {
      if (!folders.some((folder) => path.startsWith(join(world.root, folder)))) continue;
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replaceAll(world.embedded.issuer, foreignIssuer()));
    }
    rmSync(journals, { recursive: true });
    const before = files(world.folder);
    for (const how of ['--status', '--resume', '--rollback']) await world.run(['migrate', how]);
    expect([connections, files(world.folder)]).toEqual([0, before]);
  }, 120_000);
});
