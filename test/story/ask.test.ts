import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { openWorld, type Ran, type World } from './world.ts';

/** Nobody signed in on this machine: the agent asks the user, who answers on the provider's page. */
const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const message = 'Reset the password of anna';
let world: World;

beforeAll(async () => {
  world = await openWorld();
  await world.run(['idp', 'add', 'sandbox', '--type', 'embedded']);
  const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
  expect([code, stderr]).toEqual([0, stderr]);
}, 60_000);
afterAll(() => world.close());

const token = ['token', '--agent', 'helpdesk', '--resource', 'password-api'];

/** Runs the program; once it has asked, `meanwhile` happens. */
function run(args: readonly string[], meanwhile: () => Promise<unknown>): Promise<Ran> {
  return new Promise((done, fail) => {
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: world.home, AGENT_ID_HOME: world.home };
    const child = spawn(process.execPath, [program, ...args], { cwd: world.root, env });
    const ran = { stdout: '', stderr: '' };
    let asked: Promise<unknown> | undefined;
    child.stdout.on('data', (data: Buffer) => (ran.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      ran.stderr += data.toString();
      if (ran.stderr.includes('/requests')) (asked ??= meanwhile()).catch(fail);
    });
    child.on('close', (code) => done({ code, ...ran }));
  });
}

function answer(): Promise<string> {
  const user = world.embedded.users.find(({ id }) => id === 'user-x');
  return browse(`${world.embedded.issuer}/requests`, { name: 'user-x', password: user?.password ?? '' });
}

describe('agent-id token --ask', () => {
  it('prints the token once the user allowed it, and nothing else', async () => {
    const { code, stdout, stderr } = await run([...token, '--ask', 'user-x', '--message', message], answer);
    expect([code, stderr]).toEqual([0, stderr]);
    expect(stderr).toContain(`They answer at ${world.embedded.issuer}/requests`);
    const [, payload = ''] = stdout.trim().split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ sub: 'user-x', aud: world.embedded.passwordApiUrl });
    expect(claims['act']).toEqual({ sub: claims['client_id'] });
    const audit = await world.run(['audit', 'show']);
    expect(audit.stdout).toContain('was allowed by user-x to reach Password API');
    expect((await world.run(['audit', 'verify'])).code).toBe(0);
  });

  it.each([
    ['a user nobody knows', ['--ask', 'nobody'], 'unknown-name'],
    ['a message that cannot be shown', ['--ask', 'user-x', '--message', 'm'.repeat(121)], 'denied'],
    ['no user', ['--message', message], 'usage'],
    ['a strange wait', ['--ask', 'user-x', '--wait', '900'], 'usage'],
    ['two subjects', ['--ask', 'user-x', '--as-agent'], 'usage'],
    ['no answer in time', ['--ask', 'user-x', '--wait', '1'], 'denied'],
  ])('says no clearly to %s', async (_, flags, code) => {
    const ran = await world.run([...token, ...flags]);
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining(`error[${code}]`)]);
  });
});
