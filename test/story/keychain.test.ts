import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type Ran, type World } from './world.ts';

/** A real Secret Service: GNOME Keyring on a session bus of its own, both ending with the one command. */
const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const tools = ['dbus-run-session', 'gnome-keyring-daemon'];
const missing = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
if (missing.length > 0) process.stderr.write(`skipped the OS keychain: no ${missing.join(', ')} here\n`);

const id = 'inactive-users';
const token = `token --agent ${id} --resource password-api --as-agent`;
let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
});

afterAll(() => world.close());

/** Runs lines of shell in a session with an unlocked keychain; `agent-id` is the program. */
function inSession(lines: readonly string[]): Promise<Ran> {
  const run = join(world.folder, 'run');
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const script = join(world.folder, 'session.sh');
  const open = 'printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null';
  const text = [`agent_id() { '${process.execPath}' '${program}' "$@"; }`, open, ...lines];
  writeFileSync(script, `set -e\n${text.join('\n')}\n`);
  const { PATH, LD_LIBRARY_PATH } = process.env;
  const env = {
    PATH,
    ...(LD_LIBRARY_PATH !== undefined && { LD_LIBRARY_PATH }),
    HOME: world.home,
    XDG_DATA_HOME: join(world.folder, 'data'),
    XDG_RUNTIME_DIR: run,
    AGENT_ID_HOME: world.home,
  };
  return new Promise((done) => {
    const child = spawn('dbus-run-session', ['--', 'sh', script], { cwd: world.root, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

describe.skipIf(missing.length > 0)('a key in the OS keychain', () => {
  const keyFile = (): Record<string, unknown> =>
    JSON.parse(readFileSync(join(world.home, 'keys', `${id}.json`), 'utf8')) as Record<string, unknown>;

  it('is made there, signs, is rotated there, and is nowhere else', async () => {
    const enrolled = await inSession([
      `agent_id agents enroll ${id} --key-store keychain`,
      `agent_id ${token}`,
    ]);
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.stringContaining('held by the OS keychain')]);
    const [first = '', value = ''] = enrolled.stdout.split('\n');
    expect(value).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(keyFile()).toMatchObject({ kid: first, store: { kind: 'keychain' } });
    expect(keyFile()).not.toHaveProperty('d');

    const sign = (kid: string): string => `printf x | agent_id agents sign ${kid} >/dev/null`;
    const rotated = await inSession([
      `agent_id agents rotate ${id} --overlap 0s`,
      `agent_id ${token} >/dev/null`,
      `if ${sign(first)}; then echo 'the old key is still there'; exit 9; fi`,
    ]);
    expect([rotated.code, rotated.stderr]).toEqual([0, expect.stringContaining('has a new key')]);
    const second = rotated.stdout.trim();
    expect(second).not.toBe(first);
    expect(keyFile()).toMatchObject({ kid: second, store: { kind: 'keychain' } });

    const moved = await inSession([
      `agent_id agents rotate ${id} --overlap 0s --key-store file`,
      `if ${sign(second)}; then echo 'the old key is still there'; exit 9; fi`,
      `agent_id ${token} >/dev/null`,
    ]);
    expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining('has a new key')]);
    expect(keyFile()).toHaveProperty('d');
  }, 120_000);
});
