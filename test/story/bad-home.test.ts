import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeTree, oktaToken, run } from '../commands/scan-kit.ts';

/** Folders in which nothing can be made; Node's own way to make one never ends in those of /proc. */
const homes = ['/proc/self', '/proc', '/dev/null'].filter((path) => existsSync(path));

describe.skipIf(process.platform !== 'linux')('a state folder that cannot be written', () => {
  it.each(homes)('is an error for a verb that needs one: %s', async (home) => {
    const root = makeTree({});
    const env = { ...process.env, AGENT_ID_HOME: home };
    const { code, err } = await run(['idp', 'start', '--port', '0', '--foreground'], { cwd: root, env });
    expect([code, err]).toEqual([2, expect.stringContaining('error[unwritable]')]);
  });

  it.each(homes)('is none for scan, not even where it would remember many files: %s', async (home) => {
    const many = Array.from({ length: 1_100 }, (_, n): [string, string] => [`src/f${n}.ts`, `export {};\n`]);
    const root = makeTree({ ...Object.fromEntries(many), 'a.env': `OKTA_API_TOKEN=${oktaToken()}\n` });
    const env = { ...process.env, AGENT_ID_HOME: home };
    const { code, out, err } = await run(['scan'], { cwd: root, env });
    expect([code, err]).toEqual([1, expect.not.stringContaining('error[')]);
    expect(out).toContain('a.env:1:16');
  });
});
