import { spawnSync } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { userScope } from '../exchange/fake-as.ts';
import { describeNative } from './native-scenarios.ts';
import type { Asked, NativeWorld } from './native-world.ts';
import { run } from './run.ts';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
const python = found.stdout?.trim() ?? '';
const openssl = spawnSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).stdout.trim();
const requests = spawnSync(python, ['-c', 'import requests']).status === 0;
const cryptography = spawnSync(python, ['-c', 'import cryptography']).status === 0;

/** Python modules that are not there; `cryptography` is none of the standard library. */
interface PythonAsked extends Asked {
  readonly hidden?: readonly string[];
}

async function install({ root }: NativeWorld): Promise<void> {
  const helper = join(import.meta.dirname, '../../src/helper/ports/helper.py');
  await copyFile(helper, join(root, 'agent-id/helper.py'));
  // Notes what others see of it in the process list.
  const noting = `#!/bin/sh\necho "$@" >> '${root}/argv'\nexec '${openssl}' "$@"\n`;
  await writeFile(join(root, 'bin/openssl'), noting, { mode: 0o755 });
}

/** Runs Python code in the world after the helper was imported. */
async function runIn(world: NativeWorld, code: string, asked: PythonAsked & { stdin?: string }) {
  const { path = 'empty', hidden = ['cryptography'], env = {}, stdin = '' } = asked;
  const preface = `
import importlib, sys, threading, traceback
for name in ${JSON.stringify(hidden)}: sys.modules[name] = None
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

function ask(world: NativeWorld, subject: string | null, asked: PythonAsked = {}): Promise<string> {
  const code = `
def one():
    try: print(ask())
    except a.AgentIdError as error: print(error.code, error)
many = [threading.Thread(target=one) for _ in range(${asked.threads ?? 1})]
[t.start() for t in many]; [t.join() for t in many]`;
  return runIn(world, code, { ...asked, stdin: subject ?? '' });
}

/** Reads with a session of `requests`. */
function get(world: NativeWorld, addresses: readonly string[]): Promise<string> {
  const code = `
import requests
session = requests.Session()
session.auth = a.session_auth("password-reset", "api", ["${userScope}"], as_itself=True)
for address in ${JSON.stringify(addresses)}:
    try:
        got = session.get(address)
        print(got.status_code, got.text)
    except a.AgentIdError as error: print(error.code, error)`;
  return runIn(world, code, {});
}

describe.skipIf(found.status !== 0)('helper.py where neither node nor agent-id is', () => {
  const world = describeNative('helper.py', { install, ask, ...(requests && { get }) });

  it.skipIf(openssl === '')('signs with the program openssl where Python cannot', async () => {
    const subject = world().fake.subject('user-x');
    const hidden = ['cryptography', '_ssl'];
    expect(await ask(world(), subject, { hidden, path: 'bin', threads: 8 })).toMatch(/^Bearer /);
    expect(world().fake.seen).toHaveLength(1);
    expect(await ask(world(), subject, { hidden })).toMatch(/cryptography.*openssl/);
    expect(await world().entries()).toBe(1);
    const argv = await readFile(join(world().root, 'argv'), 'utf8');
    expect(argv).toMatch(/^dgst -sha256 -sign \/dev\/fd\/\d+\n$/);
  });

  it.skipIf(!cryptography)('signs with cryptography where Python is linked with no library', async () => {
    expect(await ask(world(), world().fake.subject('user-x'), { hidden: ['_ssl'] })).toMatch(/^Bearer /);
    expect(await world().entries()).toBe(1);
  });

  it.each(['malformed', ...(cryptography ? ['internal'] : [])])(
    'keeps nothing of a key in an exception: %s',
    async (problem) => {
      const { keyFile } = world();
      const whole = await readFile(keyFile, 'utf8');
      const { d = '' } = JSON.parse(whole) as Record<string, string>;
      // Cut off, or a number that no key of P-256 is.
      const secret = problem === 'malformed' ? d : `${'_'.repeat(42)}8`;
      await writeFile(keyFile, problem === 'malformed' ? whole.slice(0, -9) : whole.replace(d, secret));
      const code = `
try: ask()
except a.AgentIdError as error: print(error.code, error.__context__, error.__cause__, traceback.format_exc())`;
      const said = await runIn(world(), code, { hidden: ['_ssl'], path: 'bin' });
      expect(said).toMatch(new RegExp(`^${problem} None None `));
      expect(said).not.toContain(secret.slice(8, 40));
    },
  );
});
