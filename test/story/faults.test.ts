import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const hasNamespaces = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

let world: World;

beforeEach(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterEach(() => world.close());

describe.skipIf(!hasNamespaces)('a disk that is full', () => {
  it.each([0, 40, 60, 64, 68])(
    'leaves all or nothing: %i KiB free for journals',
    async (kib) => {
      const before = snapshot(world.root);
      const journals = join(world.home, 'tx');
      mkdirSync(journals, { recursive: true, mode: 0o700 });
      const { code, output } = await onSmallDisk(journals, kib, [
        'agent_id migrate --secret OKTA_API_TOKEN --yes',
        'echo "ended with $?"',
        `mount -o remount,size=64m "${journals}"`,
        `rm -f "${journals}/fill"`,
        'agent_id migrate --rollback; agent_id migrate --status',
      ]);
      expect(output).toContain('ended with 2');
      expect(output).toContain('error[unwritable]');
      expect(output).not.toContain(world.token.open());
      expect(code, output).toBe(0);
      expect(snapshot(world.root)).toEqual(before);
      const { stdout } = await world.run(['agents', 'list', '--format', 'json']);
      expect(stdout).not.toContain('"password-reset"');
    },
    60_000,
  );
});

describe.skipIf(!hasScript)('an interrupt', () => {
  it.each([0, 1, 2, 5, 6])('at prompt %i changes nothing and ends with 130', async (answered) => {
    const before = snapshot(world.root);
    const { code, output } = await interruptAt(answered);
    expect(code, output).toBe(130);
    expect(output).not.toContain(world.token.open());
    expect(snapshot(world.root)).toEqual(before);
    expect((await world.run(['migrate', '--status'])).stderr).not.toContain('unfinished');
  });
});

describe('a clock that is wrong', () => {
  it.each([
    [-10, 'behind'],
    [10, 'ahead of'],
  ])('by %i minutes is named, with the difference', async (minutes, word) => {
    expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
    const shift = join(world.folder, 'shift.cjs');
    writeFileSync(shift, `const now = Date.now; Date.now = () => now() + ${minutes * 60_000};\n`);
    const args = ['token', '--agent', 'inactive-users', '--resource', 'password-api', '--as-agent'];
    const { code, output } = await run(
      process.execPath,
      ['--require', shift, program, ...args],
      () => undefined,
    );
    expect(code, output).toBe(2);
    expect(output).toContain(`this machine's clock is 10 minutes ${word} the provider's`);
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs lines of shell where one folder is a file system with so much room. Mounts end with the namespace. */
function onSmallDisk(folder: string, kib: number, lines: readonly string[]): Promise<Ended> {
  const script = [
    `agent_id() { "${process.execPath}" "${program}" "$@"; }`,
    `mount -t tmpfs -o mode=700,size=128k none "${folder}" || exit 99`,
    `head -c ${(128 - kib) * 1024} /dev/zero > "${folder}/fill"`,
    ...lines,
  ].join('\n');
  return run('unshare', ['-Urm', 'sh', '-c', script], () => undefined);
}

/** Accepts so many prompts in a terminal, then presses Ctrl-C. */
function interruptAt(answered: number): Promise<Ended> {
  const command = `"${process.execPath}" "${program}" migrate --secret OKTA_API_TOKEN`;
  let prompts = 0;
  return run('script', ['-qefc', command, '/dev/null'], (text, send) => {
    if (!/◆/.test(text)) return;
    prompts += 1;
    send(prompts > answered ? '\u0003' : '\r');
  });
}

type Reply = (text: string, send: (keys: string) => void) => void;

function run(command: string, args: readonly string[], reply: Reply): Promise<Ended> {
  return new Promise((done) => {
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: world.home, AGENT_ID_HOME: world.home, TERM: 'xterm' };
    const child = spawn(command, args, { cwd: world.root, env });
    let output = '';
    const hear = (data: Buffer): void => {
      output += data.toString();
      reply(data.toString(), (keys) => child.stdin.write(keys));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', (code) => done({ code, output }));
  });
}

function snapshot(root: string): Readonly<Record<string, string>> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/') && statSync(join(root, path)).isFile())
    .sort();
  return Object.fromEntries(
    files.map((path) => [
      path,
      `${statSync(join(root, path)).mode} ${readFileSync(join(root, path), 'latin1')}`,
    ]),
  );
}
