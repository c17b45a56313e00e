import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { p256, startSshAgent, type SshAgent } from '../keys/ssh.ts';
import { openWorld, type Ran, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const openssl = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).stdout.trim();
const token = 'token --agent inactive-users --resource password-api --as-agent'.split(' ');

let world: World;
let agent: SshAgent;

beforeAll(async () => {
  agent = await startSshAgent();
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
});

afterAll(async () => {
  agent.stop();
  await world.close();
});

/** Another machine: the same tree, a state folder of its own, and no rights at the provider. */
function newMachine(name: string, env: NodeJS.ProcessEnv = {}) {
  const home = join(world.folder, name);
  mkdirSync(home);
  const all = {
    PATH: process.env['PATH'],
    HOME: home,
    AGENT_ID_HOME: home,
    AGENT_ID_ISSUER: world.embedded.issuer,
    ...env,
  };
  const run = (args: readonly string[], input = ''): Promise<Ran> =>
    new Promise((done) => {
      const child = spawn(process.execPath, [program, ...args], { cwd: world.root, env: all });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      child.on('close', (code) => done({ code, stdout, stderr }));
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  const enroll = async (...more: readonly string[]): Promise<Ran> => {
    const { stdout } = await world.run(['agents', 'code', 'inactive-users']);
    return run(['agents', 'enroll', 'inactive-users', '--code-stdin', '--name', name, ...more], stdout);
  };
  return { home, run, enroll, keyFile: join(home, 'keys', 'inactive-users.json') };
}

describe('where the key of an agent lies', () => {
  it('is ssh-agent: no private half on disk, and no token without it', async () => {
    const machine = newMachine('ssh', agent.env);
    const none = await machine.enroll('--key-store', 'ssh-agent');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('ssh-keygen -t ecdsa')]);
    const first = agent.add(p256, 'laptop');
    agent.add(p256, 'work');
    const several = await machine.enroll('--key-store', 'ssh-agent');
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining(`laptop (${first})`)]);
    expect(existsSync(machine.keyFile)).toBe(false);

    const enrolled = await machine.enroll('--key-store', 'ssh-agent', '--ssh-key', first);
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.stringContaining('held by ssh-agent')]);
    const file = JSON.parse(readFileSync(machine.keyFile, 'utf8')) as Record<string, unknown>;
    expect(file).toMatchObject({ kid: enrolled.stdout.trim(), store: { kind: 'ssh-agent' } });
    expect(file).not.toHaveProperty('d');
    expect((await machine.run(token)).code).toBe(0);
    const shown = await machine.run(['agents', 'show', 'inactive-users', '--no-code']);
    expect(shown.stdout).toContain(`here        ${enrolled.stdout.trim()}, held by ssh-agent`);

    agent.sshAdd(['-D']);
    const refused = await machine.run(token);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/error\[not-ready\]: ssh-agent refuses/),
    ]);
  });

  it('is a key of ssh-agent that was made for this agent, without being asked', async () => {
    agent.add(p256, 'agent-id:inactive-users');
    const machine = newMachine('purpose', agent.env);
    const enrolled = await machine.enroll();
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.stringContaining('held by ssh-agent')]);
    expect((await machine.run(token)).code).toBe(0);
  });

  it('is behind a program of the person, from the command line or the settings, never from the repository', async () => {
    const machine = newMachine('hardware');
    const [pem, pub] = [join(machine.home, 'hsm.pem'), join(machine.home, 'hsm.pub')];
    spawnSync(openssl, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', pem]);
    spawnSync(openssl, ['pkey', '-in', pem, '-pubout', '-out', pub]);
    const command = [openssl, 'dgst', '-sha256', '-sign', pem];

    const marker = join(machine.home, 'ran');
    const hostile = join(world.root, 'signer');
    writeFileSync(hostile, `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 });
    const settings = { schemaVersion: 1, store: 'command', command: [hostile], publicKey: pub };
    writeFileSync(join(world.root, 'key-store.json'), JSON.stringify(settings));
    const fromRepo = await machine.enroll('--key-store', 'command', '--signer', hostile, '--public-key', pub);
    expect([fromRepo.code, fromRepo.stderr]).toEqual([2, expect.stringContaining('error[outside-root]')]);
    const plain = await newMachine('plain').enroll();
    expect([plain.code, plain.stderr]).toEqual([0, expect.stringContaining('held by a file')]);
    expect(existsSync(marker)).toBe(false);

    const mine = {
      schemaVersion: 1,
      agents: { 'inactive-users': { store: 'command', command, publicKey: pub } },
    };
    writeFileSync(join(machine.home, 'key-store.json'), JSON.stringify(mine));
    const enrolled = await machine.enroll('--format', 'json');
    expect(enrolled.code).toBe(0);
    expect(JSON.parse(enrolled.stdout)).toMatchObject({ store: 'command', created: true, replaced: null });
    expect((await machine.run(token)).code).toBe(0);
  });

  it('changes: the new key is enrolled beside the old one, which is then removed', async () => {
    const machine = newMachine('moves', agent.env);
    const before = (await machine.enroll('--key-store', 'file')).stdout.trim();
    agent.sshAdd(['-D']);
    agent.add(p256, 'new');
    const moved = await machine.enroll('--key-store', 'ssh-agent');
    expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining(`--key ${before}`)]);
    expect(readFileSync(machine.keyFile, 'utf8')).not.toContain('"d"');
    expect((await world.run(['agents', 'remove', 'inactive-users', '--key', before])).code).toBe(0);
    expect((await machine.run(token)).code).toBe(0);
  });

  it('rotates in ssh-agent and behind a program: who made the first key makes the second', async () => {
    const machine = newMachine('rotates', { ...agent.env, HOME: world.home, AGENT_ID_HOME: world.home });
    const state = join(world.home, 'keys', 'inactive-users.json');
    const rotate = (...more: readonly string[]): Promise<Ran> =>
      machine.run(['agents', 'rotate', 'inactive-users', '--overlap', '0s', ...more]);
    const kid = (): string => (JSON.parse(readFileSync(state, 'utf8')) as { kid: string }).kid;
    agent.sshAdd(['-D']);
    const first = agent.add(p256, 'agent-id:inactive-users');
    const moved = await rotate('--key-store', 'ssh-agent', '--ssh-key', first);
    expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining('has a new key')]);
    expect([kid(), readFileSync(state, 'utf8').includes('"d"')]).toEqual([moved.stdout.trim(), false]);

    const before = readFileSync(state, 'utf8');
    const none = await rotate();
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(
        /error\[unsupported\].*only you can make another[^]*agents rotate inactive-users --key-/,
      ),
    ]);
    const same = await rotate('--key-store', 'ssh-agent', '--ssh-key', first);
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('error[conflict]')]);
    expect(readFileSync(state, 'utf8')).toBe(before);

    const old = kid();
    agent.add(p256, 'agent-id:inactive-users');
    const spare = await rotate();
    expect([spare.code, spare.stderr]).toEqual([
      0,
      expect.stringContaining(`ssh-agent still has the old one, which is yours to delete: ${old}`),
    ]);
    expect(kid()).not.toBe(old);
    expect((await machine.run(token)).code).toBe(0);

    for (const name of ['one', 'two']) {
      const [pem, pub] = [join(machine.home, `${name}.pem`), join(machine.home, `${name}.pub`)];
      spawnSync(openssl, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', pem]);
      spawnSync(openssl, ['pkey', '-in', pem, '-pubout', '-out', pub]);
      const command = [openssl, 'dgst', '-sha256', '-sign', pem].map((word) => `--signer=${word}`);
      const rotated = await rotate('--key-store', 'command', ...command, '--public-key', pub);
      expect([rotated.code, rotated.stderr]).toEqual([0, expect.stringContaining('has a new key')]);
      expect((await machine.run(token)).code).toBe(0);
    }
    const bare = await rotate();
    expect([bare.code, bare.stderr]).toEqual([
      2,
      expect.stringContaining('agents rotate inactive-users --key-store command'),
    ]);
    const plain = await rotate('--key-store', 'file');
    expect(plain.code).toBe(0);
    const { stdout } = await machine.run(['agents', 'show', 'inactive-users', '--format', 'json']);
    const { agent: shown } = JSON.parse(stdout) as { agent: { keys: { thumbprint: string }[] } };
    expect(shown.keys.map(({ thumbprint }) => thumbprint)).toContain(plain.stdout.trim());
  });

  it('is a file, and it says so, where a keychain was wanted and there is none', async () => {
    const machine = newMachine('server', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' });
    const enrolled = await machine.enroll('--key-store', 'keychain');
    expect([enrolled.code, enrolled.stderr]).toEqual([
      0,
      expect.stringMatching(/there is no OS keychain here[^]*goes into a file[^]*held by a file/),
    ]);
    expect((await machine.run(token)).code).toBe(0);
  });

  it('must be said consistently', async () => {
    const machine = newMachine('wrong');
    const wrong = await machine.enroll('--ssh-key', 'laptop');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('error[usage]')]);
    const unnamed = await machine.enroll('--key-store', 'command');
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('--public-key FILE')]);
    writeFileSync(join(machine.home, 'key-store.json'), '{"store":"paper"}');
    const paper = await machine.enroll();
    expect([paper.code, paper.stderr]).toEqual([2, expect.stringContaining('error[malformed]')]);
    expect(existsSync(machine.keyFile)).toBe(false);
  });
});
