import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { steady } from './steady.ts';
import { openWorld, type Ran, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const tokenShape = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/;
let world: World;
let printed = '';

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.run(['idp', 'stop', '--data', '../other']);
  await world.close();
});

/** A day with the sandbox, in its order; the values of tokens stand only in what is asked for them. */
const lines: readonly (readonly [name: string, line: string])[] = [
  ['idp-start', 'idp start --data ../other'],
  ['idp-status', 'idp status --data ../other'],
  ['idp-stop', 'idp stop --data ../other'],
  ['idp-add', 'idp add sandbox --type embedded'],
  ['idp-check', 'idp check sandbox'],
  ['migrate', 'migrate --secret OKTA_API_TOKEN --yes'],
  ['login-done', 'login --no-browser'],
  ['whoami-done', 'whoami'],
  ['token-done', 'token --agent helpdesk --resource password-api'],
  ['token-json', 'token --agent inactive-users --resource password-api --as-agent --format json'],
  ['exec-done', 'exec --agent helpdesk --env T=password-api -- printenv T'],
  ['logout-done', 'logout'],
];

it.each(lines)('%s is as it was agreed', async (name, line) => {
  const ran = await run(line.split(' '));
  expect([ran.code, ran.stderr]).toEqual([0, ran.stderr]);
  const asked = /^(?:token|exec) /.test(line);
  expect(tokenShape.test(ran.stdout)).toBe(asked);
  expect(tokenShape.test(ran.stderr)).toBe(false);
  printed += `${asked ? '' : ran.stdout}${ran.stderr}`;
  const text = `$ agent-id ${line}\n${ran.stdout}--- stderr\n${ran.stderr}`;
  const golden = join(import.meta.dirname, '../fixtures/golden', `${name}.txt`);
  await expect(steady(text, world.folder)).toMatchFileSnapshot(golden);
});

it('showed no password of the person who signed in, and no static token', () => {
  expect(printed).toContain('user-x');
  expect(printed).not.toContain(userX().password);
  expect(printed).not.toContain(world.token.open());
});

it('writes settings in a folder that has none', async () => {
  const { code, stdout, stderr } = await run(['-C', '..', 'init']);
  expect([code, stderr]).toEqual([0, stderr]);
  const golden = join(import.meta.dirname, '../fixtures/golden/init-done.txt');
  const text = `$ agent-id -C .. init\n${stdout}--- stderr\n${stderr}`;
  await expect(steady(text, world.folder)).toMatchFileSnapshot(golden);
});

function userX(): { readonly name: string; readonly password: string } {
  const user = world.embedded.users.find(({ id }) => id === 'user-x');
  if (typeof user?.password !== 'string') throw new Error('the sandbox has no user-x');
  return { name: user.id, password: user.password };
}

/** Runs the program; where it shows an address to sign in at, user-x does so through the real pages. */
function run(args: readonly string[]): Promise<Ran> {
  return new Promise((done, fail) => {
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: world.home, AGENT_ID_HOME: world.home };
    const child = spawn(process.execPath, [program, ...args], { cwd: world.root, env });
    let stdout = '';
    let stderr = '';
    let browsing: Promise<string> | undefined;
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
      const url = /(https?:\/\/\S+)\n/.exec(stderr)?.[1];
      if (args[0] !== 'login' || url === undefined || browsing !== undefined) return;
      browsing = browse(url, userX());
      browsing.catch(fail);
    });
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}
