import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTree, oktaToken } from '../commands/scan-kit.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const canLimit = process.platform !== 'win32' && spawnSync('sh', ['-c', 'ulimit -f 1']).status === 0;
if (!canLimit) process.stderr.write('skipped: no ulimit here, so no disk can be full\n');

/** Every file of a tree with its bytes. */
function snapshot(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(root, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(root, name), 'latin1')]));
}

describe.skipIf(!canLimit)('a disk that is full', () => {
  it.each([
    ['a report', ['scan', '--output', 'html=out.txt']],
    ['a map', ['map', '--output', 'html=out.txt']],
  ])('leaves %s as it was, says so, and exits with 2', (_what, args) => {
    const root = makeTree({ 'a.env': `OKTA_API_TOKEN=${oktaToken()}\n`, 'out.txt': 'as it was\n' });
    const before = snapshot(root);
    const script = `trap '' XFSZ; ulimit -f 2; exec "$@"`;
    const { PATH = '' } = process.env;
    const ran = spawnSync('sh', ['-c', script, 'sh', process.execPath, program, ...args], {
      cwd: root,
      env: { PATH, HOME: root, AGENT_ID_HOME: join(root, 'state') },
      encoding: 'utf8',
    });
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('error[unwritable]')]);
    expect(snapshot(root)).toEqual(before);
  });
});
