import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeTree } from '../commands/scan-kit.ts';
import { startGithub } from './kit.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');

/** Command lines of this user's processes that run below a folder for temporary files. */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

describe.runIf(process.platform === 'linux')('scan --github, stopped by a signal', () => {
  it('removes its clones, and never showed the token among the processes', async () => {
    const place = await startGithub({
      ada: { type: 'User', repositories: { notes: { files: { a: 'a\n' } } } },
    });
    place.double.hangs.push(/git-upload-pack$/);
    const temporary = makeTree({});
    const child = spawn(process.execPath, [program, 'scan', '--github', 'ada'], {
      env: { ...place.env, PATH: process.env['PATH'], TMPDIR: temporary },
      cwd: makeTree({}),
    });
    const ended = new Promise((end) => {
      child.on('close', (_, signal) => end(signal));
    });
    for (let n = 0; n < 200 && place.double.count(/git-upload-pack$/) === 0; n += 1) await sleep(50);
    expect(readdirSync(temporary)).toHaveLength(1);
    const [clone = ''] = readdirSync(temporary);
    const lines = commandLines();
    expect(lines.some((line) => line.includes(join(temporary, clone)))).toBe(true);
    expect(lines.join('\n')).not.toContain(place.token);
    expect(lines.join('\n')).not.toContain(Buffer.from(`x-access-token:${place.token}`).toString('base64'));
    child.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(readdirSync(temporary)).toEqual([]);
  }, 60_000);
});
