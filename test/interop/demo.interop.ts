import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

it('the whole chain of the demo holds with Keycloak', { timeout: 280_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agent-id-interop-'));
  try {
    const env = { ...process.env, TMPDIR: folder };
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'demo', '--idp', 'keycloak'], {
      env,
      maxBuffer: 16 * 1024 * 1024,
    });
    const [, held, all] = /(\d+) of (\d+) claims held/.exec(stdout) ?? [];
    expect(held).toBe(all);
    expect(Number(all)).toBeGreaterThan(15);
    expect(stdout).toContain('(keycloak, ');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
