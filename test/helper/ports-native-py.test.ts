import { spawnSync } from 'node:child_process';
import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { userScope } from '../exchange/fake-as.ts';
import { describeNative } from './native-scenarios.ts';
import type { Asked, NativeWorld } from './native-world.ts';
import { run } from './run.ts';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
const python = found.stdout?.trim() ?? '';
const openssl = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).stdout.trim();

async function install({ root }: NativeWorld): Promise<void> {
  const helper = join(import.meta.dirname, '../../src/helper/ports/helper.py');
  await copyFile(helper, join(root, 'agent-id/helper.py'));
  await symlink(openssl, join(root, 'bin/openssl'));
}

/** Runs Python code in the world after `agent_id` was imported, with `cryptography` or without. */
async function runIn(world: NativeWorld, code: string, asked: Asked & { hide?: boolean; stdin?: string }) {
  const { path = 'bin', hide = false, env = {}, stdin = '' } = asked;
  const preface = `
import importlib, sys, threading, traceback
if ${hide ? 'True' : 'False'}: sys.modules["cryptography"] = None
a = importlib.import_module("agent-id.helper")
subject = sys.stdin.read()
def ask(): return a.authorization("password-reset", "api", ["${userScope}"], request=subject or None, as_itself=not subject)
`;
  const ran = await run(python, ['-c', preface + code], {
    cwd: world.root,
    env: { PATH: join(world.root, path), AGENT_ID_HOME: world.state, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdin,
  });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

function ask(
  world: NativeWorld,
  subject: string | null,
  asked: Asked & { hide?: boolean } = {},
): Promise<string> {
  const code = `
def one():
    try: print(ask())
    except a.AgentIdError as error: print(error.code, error)
many = [threading.Thread(target=one) for _ in range(${asked.threads ?? 1})]
[t.start() for t in many]; [t.join() for t in many]`;
  return runIn(world, code, { ...asked, stdin: subject ?? '' });
}

describe.skipIf(found.status !== 0 || openssl === '')('helper.py where neither node nor agent-id is', () => {
  const world = describeNative('helper.py', { install, ask });

  it('signs with the program openssl where there is no cryptography', async () => {
    const subject = world().fake.subject('user-x');
    expect(await ask(world(), subject, { hide: true, threads: 8 })).toMatch(/^Bearer /);
    expect(world().fake.seen).toHaveLength(1);
    expect(await ask(world(), subject, { hide: true, path: 'empty' })).toMatch(/cryptography.*openssl/);
    expect(await world().entries()).toBe(1);
  });

  it('keeps nothing of a malformed key file in an exception', async () => {
    const { keyFile } = world();
    const secret = (await readFile(keyFile, 'utf8')).slice(0, -9);
    await writeFile(keyFile, secret);
    const code = `
try: ask()
except a.AgentIdError as error: print(error.code, error.__context__, error.__cause__, traceback.format_exc())`;
    const said = await runIn(world(), code, {});
    expect(said).toMatch(/^malformed None None /);
    expect(said).not.toContain(secret.slice(20, 60));
  });
});
