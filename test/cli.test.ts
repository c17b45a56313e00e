import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const program = join(root, 'bin/agent-id.cjs');
const run = promisify(execFile);

function cli(...args: string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { PATH, HOME: tmpdir() },
    cwd: tmpdir(),
  });
  return { code: status, stdout, stderr };
}

describe('the command line', () => {
  it('is built', () => {
    expect(existsSync(join(root, 'dist/cli.js'))).toBe(true);
  });

  it('says its version, and nothing else', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(cli('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('lists every verb in --help', () => {
    const { code, stdout } = cli('--help');
    expect(code).toBe(0);
    for (const verb of [
      'scan',
      'map',
      'plan',
      'migrate',
      'retire',
      'idp',
      'agents',
      'login',
      'token',
      'exec',
      'audit',
      'hook',
      'demo',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    }
  });

  it('loads only commander and its own chunks for --help', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-id-help-'));
    const trace = join(folder, 'trace.mjs');
    const hooks = join(folder, 'hooks.mjs');
    writeFileSync(
      hooks,
      "import { appendFileSync } from 'node:fs';\nexport async function load(url, context, next) { appendFileSync(process.env.TRACE, url + '\\n'); return next(url, context); }\n",
    );
    writeFileSync(
      trace,
      `import { register } from 'node:module';\nregister(${JSON.stringify(`file://${hooks}`)});\n`,
    );
    const { PATH = '' } = process.env;
    const log = join(folder, 'log');
    await run(process.execPath, ['--import', trace, program, '--help'], { env: { PATH, TRACE: log } });
    const loaded = readFileSync(log, 'utf8')
      .split('\n')
      .filter((url) => url.startsWith('file:'));
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.filter((url) => url.includes('/node_modules/'))).toEqual([]);
    expect(loaded.length).toBeLessThan(12);
  });

  it('refuses an unknown verb, with exit code 2 and the next step', () => {
    const { code, stderr } = cli('scna');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error\[usage\]: /);
    expect(stderr).toContain('--help');
  });

  it('says in one line which verb was probably meant', () => {
    const [first = ''] = cli('scam').stderr.split('\n');
    expect(first).toBe("error[usage]: unknown command 'scam' (Did you mean scan?)");
  });

  it('gives errors as JSON where JSON was asked for', () => {
    const { code, stdout } = cli('scan', '--format', 'json', '/does/not/exist');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, error: { code: 'unreadable' } });
  });

  it.each(['scan', 'map', 'migrate --status', 'init', 'whoami'])(
    'refuses a folder of -C that does not exist, whatever the verb: %s',
    (line) => {
      const { code, stdout, stderr } = cli('-C', '/does/not/exist', ...line.split(' '));
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^error\[usage\]: the folder to work in does not exist\n {2}at \/does\/not\/exist\n/,
      );
    },
  );

  it('refuses a secret as an argument, without echo', () => {
    const secret = `00${'aB3dE6gH9jK2mN5pQ8sT'.repeat(2)}`;
    const { code, stdout, stderr } = cli('map', '--secret', secret);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error\[secret-in-argument\]/);
    expect(stdout + stderr).not.toContain(secret);
  });

  it('leaves the flags of the command that exec runs to that command', () => {
    const { code, stdout, stderr } = cli(
      'exec',
      '--agent',
      'nobody',
      '--env',
      'X=y',
      '--',
      'tar',
      '-C',
      '/does/not/exist',
      '--format',
      'json',
    );
    expect([code, stdout]).toEqual([125, '']);
    expect(stderr).not.toContain('/does/not/exist');
  });

  it('scans a folder on a machine without git, and says what needs git', () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-id-nogit-'));
    writeFileSync(join(folder, '.env'), `OKTA_API_TOKEN=00${'aB3dE6gH9jK2mN5pQ8sT'.repeat(2)}\n`);
    const bare = (...args: string[]): ReturnType<typeof cli> => {
      const options = { encoding: 'utf8', env: { PATH: folder, HOME: folder }, cwd: folder } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
      return { code: status, stdout, stderr };
    };
    expect(bare('scan')).toMatchObject({ code: 1, stderr: '' });
    expect(bare('map').code).toBe(0);
    const staged = bare('scan', '--staged');
    expect([staged.code, staged.stderr.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/^error\[no-git\]/),
    ]);
  });
});
