import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { holds } from './leaks.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

it('tells the whole story: every claim holds, its folder is where it says, no secret is in what it leaves or prints', () => {
  const home = mkdtempSync(join(tmpdir(), 'agent-id-demo-test-'));
  try {
    const { PATH = '', GOCACHE, GOPATH } = process.env;
    const env = { PATH, HOME: home, TMPDIR: home, ...(GOCACHE && { GOCACHE }), ...(GOPATH && { GOPATH }) };
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'demo'], {
      cwd: home,
      env,
      encoding: 'utf8',
    });
    expect(status, stdout.slice(-2000) + stderr).toBe(0);
    const [, held, all] = /^(\d+) of (\d+) claims held\./m.exec(stdout) ?? [];
    expect(held).toBe(all);
    expect(Number(all)).toBeGreaterThan(30);
    const [, folder = ''] = /Look at it: (\S+)/.exec(stdout) ?? [];
    expect(folder.startsWith(join(home, 'agent-id-demo-'))).toBe(true);
    expect(leaks(folder, { stdout, stderr })).toEqual([]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 300_000);

/** Names what holds a static token that the estate had before: an output, or a file that is not the history itself. */
function leaks(folder: string, printed: Readonly<Record<string, string>>): readonly string[] {
  const top = join(folder, 'acme');
  const history = spawnSync('git', ['-C', top, 'log', '-p'], { encoding: 'utf8' }).stdout;
  const tokens = [...new Set(history.match(/(?<![\w-])00[\w-]{40}(?![\w-])/g))];
  expect(tokens.length).toBeGreaterThan(0);
  const files = readdirSync(join(top, '..'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(top, '..', name))
    .filter((path) => !path.includes('/.git/') && lstatSync(path).isFile());
  expect(files.length).toBeGreaterThan(30);
  return [
    ...Object.keys(printed).filter((name) => holds(printed[name] ?? '', tokens)),
    ...files.filter((path) => holds(readFileSync(path, 'latin1'), tokens)),
  ];
}
