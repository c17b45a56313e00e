import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildVerbs, run } from './run.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let command: string;

beforeAll(async () => {
  world = await startWorld();
  command = await buildVerbs(join(world.home, '..'));
  await rm(join(world.paths.idp, 'acme.json'));
  await world.lock({ flow: 'as-itself' });
});

afterAll(() => world.stop());

function token(env: NodeJS.ProcessEnv) {
  const args = ['token', '--agent', 'password-reset', '--resource', 'password-api', '--as-agent'];
  return run(command, args, { cwd: world.repo, env: { ...world.env, ...env } });
}

describe('AGENT_ID_ISSUER', () => {
  it('is the trust of a machine without state: the lock may name it, and no other', async () => {
    const given = await token({ AGENT_ID_ISSUER: world.fake.origin });
    expect(given.stderr).toBe('');
    expect(given.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(world.fake.seen.at(-1)?.form.get('resource')).toBe(world.fake.resource);

    const asked = world.fake.seen.length;
    const none = await token({});
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('error[untrusted-issuer]')]);
    const other = await token({ AGENT_ID_ISSUER: 'https://idp.example' });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('names another issuer')]);
    const open = await token({ AGENT_ID_ISSUER: 'http://idp.example' });
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('must begin with https')]);
    expect(world.fake.seen.length).toBe(asked);
  });

  it('is not read from a file of the repository, and is shown no user of another issuer', async () => {
    const asked = world.fake.seen.length;
    await writeFile(join(world.repo, '.env'), `AGENT_ID_ISSUER=${world.fake.origin}\n`);
    expect((await token({})).stderr).toContain('error[untrusted-issuer]');
    await world.lock({ flow: 'on-behalf-of' });
    const args = ['token', '--agent', 'password-reset', '--resource', 'password-api', '--subject-file', '-'];
    const env = { ...world.env, AGENT_ID_ISSUER: world.fake.origin };
    const ask = (stdin: string) => run(command, args, { cwd: world.repo, env, stdin });
    for (const subject of [world.fake.subject('user-x', { iss: 'https://else.example' }), 'opaque']) {
      const refused = await ask(subject);
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(/error\[untrusted-issuer\][^]*It was not sent/);
    }
    expect(world.fake.seen.length).toBe(asked);
    expect(await ask(world.fake.subject('user-x'))).toMatchObject({ code: 0, stderr: '' });
  });
});
