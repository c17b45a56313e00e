import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

it('tells the whole story: every claim of the demo holds, and its folder is where it says', () => {
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
    expect(stdout).toContain(`Look at it: ${join(home, 'agent-id-demo-')}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 300_000);
