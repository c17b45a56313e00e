import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Ran, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

let world: World;

/** Another machine: the same tree, a state folder of its own, no rights at the provider. */
interface Machine {
  readonly run: (args: readonly string[], input?: string, heard?: (text: string) => void) => Promise<Ran>;
  readonly keyFile: string;
}

function newMachine(name: string): Machine {
  const home = join(world.folder, name);
  mkdirSync(home);
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, AGENT_ID_HOME: home, AGENT_ID_ISSUER: world.embedded.issuer };
  return {
    keyFile: join(home, 'keys', 'inactive-users.json'),
    run: (args, input = '', heard = () => undefined) =>
      new Promise((done) => {
        const child = spawn(process.execPath, [program, ...args], { cwd: world.root, env });
        let [stdout, stderr] = ['', ''];
        child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
        child.stderr.on('data', (data: Buffer) => {
          stderr += data.toString();
          heard(stderr);
        });
        child.on('close', (code) => done({ code, stdout, stderr }));
        child.stdin.on('error', () => undefined);
        child.stdin.end(input);
      }),
  };
}

const token = 'token --agent inactive-users --resource password-api --as-agent'.split(' ');

/** Runs `enroll --device`, and `approve` as soon as the code is shown. */
async function enrollByApproval(machine: Machine, name: string): Promise<readonly [Ran, Ran]> {
  let approving: Promise<Ran> | undefined;
  const line = ['agents', 'enroll', 'inactive-users', '--device', '--name', name];
  const enrolled = await machine.run(line, '', (text) => {
    const code = /agents approve ([A-Z]{4}-[A-Z]{4})/.exec(text)?.[1];
    if (code !== undefined) approving ??= world.run(['agents', 'approve', code, '--yes']);
  });
  return [enrolled, (await approving) ?? { code: null, stdout: '', stderr: 'never asked' }];
}

async function makeCode(): Promise<string> {
  const made = await world.run(['agents', 'code', 'inactive-users', '--format', 'json']);
  const data = JSON.parse(made.stdout) as { code: string; expiresInSeconds: number };
  expect(data.expiresInSeconds).toBe(600);
  return data.code;
}

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
});

afterAll(() => world.close());

describe('one agent on three machines', () => {
  let second: Machine;
  let third: Machine;

  it('lets the second in by a one-time code, once', async () => {
    second = newMachine('second');
    expect((await second.run(token)).stderr).toContain('error[not-enrolled]');
    const code = await makeCode();
    const line = ['agents', 'enroll', 'inactive-users', '--code-stdin', '--name', 'web-2'];
    const enrolled = await second.run(line, `${code}\n`);
    expect([enrolled.code, enrolled.stderr]).toEqual([
      0,
      expect.stringContaining('new key on this machine (web-2)'),
    ]);
    expect(statSync(second.keyFile).mode & 0o777).toBe(0o600);
    expect((await second.run(token)).code).toBe(0);

    const again = newMachine('again');
    const refused = await again.run(line, `${code}\n`);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('wrong, used, too old')]);
    expect(refused.stdout + refused.stderr).not.toContain(code);
    expect(existsSync(again.keyFile)).toBe(false);
  });

  it('takes no code of another agent', async () => {
    const line = ['agents', 'enroll', 'helpdesk', '--code-stdin', '--name', 'thief'];
    const refused = await newMachine('thief').run(line, await makeCode());
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('error[denied]')]);
  });

  it('lets the third in by an administrator who approves its code', async () => {
    third = newMachine('third');
    const [enrolled, approved] = await enrollByApproval(third, 'web-3');
    expect([approved.code, enrolled.code]).toEqual([0, 0]);
    const thumbprint = enrolled.stdout.trim();
    expect(approved.stderr).toContain(`web-3 wants to be Inactive-Users Agent, with the key ${thumbprint}`);
    expect((await third.run(token)).code).toBe(0);
    const shown = await world.run(['agents', 'show', 'inactive-users']);
    expect(shown.stdout).toContain(`key         web-3 ${thumbprint}\n`);
    expect(shown.stdout.match(/^key /gm)).toHaveLength(3);
  });

  it('asks a person or for a flag, turns away whom the administrator denies, and keeps no key of it', async () => {
    const fourth = newMachine('fourth');
    let unasked: Promise<Ran> | undefined;
    let denied: Promise<Ran> | undefined;
    const line = ['agents', 'enroll', 'inactive-users', '--device', '--name', 'web-4'];
    const enrolled = await fourth.run(line, '', (text) => {
      const code = /agents approve ([A-Z]{4}-[A-Z]{4})/.exec(text)?.[1];
      if (code === undefined) return;
      unasked ??= world.run(['agents', 'approve', code]);
      denied ??= unasked.then(() => world.run(['agents', 'approve', code, '--deny']));
    });
    expect(await unasked).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[not-interactive]') as string,
    });
    expect(await denied).toMatchObject({ code: 0, stderr: expect.stringContaining('turned away') as string });
    expect([enrolled.code, enrolled.stderr]).toEqual([
      2,
      expect.stringContaining('an administrator refused it'),
    ]);
    expect(existsSync(fourth.keyFile)).toBe(false);
  });

  it('takes the key of one machine away, and the others go on', async () => {
    const removed = await world.run(['agents', 'remove', 'inactive-users', '--key', 'web-2']);
    expect([removed.code, removed.stderr]).toEqual([
      0,
      expect.stringContaining('The key of web-2 is removed'),
    ]);
    expect((await second.run(token)).code).toBe(2);
    expect((await third.run(token)).code).toBe(0);
    expect((await world.run(token)).code).toBe(0);
    const unknown = await world.run(['agents', 'remove', 'inactive-users', '--key', 'web-2']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('web-3')]);
    const lock = readFileSync(join(world.root, 'agent-id.lock.json'), 'utf8');
    expect(lock).not.toMatch(/"d"/);
  });
});
