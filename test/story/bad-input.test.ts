import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes', '--allow-dirty'];
let world: World;

beforeEach(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterEach(() => world.close());

describe('a provider that is down', () => {
  it('stops a migration before anything is changed', async () => {
    const before = snapshot();
    await world.embedded.stop();
    const { code, stderr } = await world.run(migrate);
    expect([code, /error\[[\w-]+\]/.exec(stderr)?.[0]], stderr).toEqual([2, 'error[idp-unreachable]']);
    expect(snapshot()).toEqual(before);
    expect((await world.run(['migrate', '--status'])).stderr).not.toContain('unfinished');
  });

  it('stops token and exec, which runs nothing', async () => {
    expect((await world.run(migrate)).code).toBe(0);
    await world.embedded.stop();
    const who = ['--agent', 'inactive-users', '--as-agent'];
    const token = await world.run(['token', ...who, '--resource', 'password-api']);
    expect([token.code, token.stdout], token.stderr).toEqual([2, '']);
    expect(token.stderr).toContain('error[idp-unreachable]');
    const ran = await world.run(['exec', ...who, '--env', 'T=password-api', '--', 'touch', 'ran']);
    expect(ran.code, ran.stderr).not.toBe(0);
    expect(existsSync(join(world.root, 'ran'))).toBe(false);
  });
});

describe('files of ours that a repository holds', () => {
  it.each([
    ['agent-id.lock.json', '{ "schemaVersion": 1, "agents": '],
    ['agent-id.lock.json', '{"schemaVersion":99,"agents":{},"secrets":{}}'],
    ['agent-id.lock.json', '{"schemaVersion":1,"agents":{"__proto__":{"issuer":1},"a":7},"secrets":[]}'],
    ['agent-id.config.yaml', 'idp: [unclosed'],
  ])('are refused where they are broken, and nothing is changed: %s %s', async (name, text) => {
    writeFileSync(join(world.root, name), text);
    const before = snapshot();
    const { code, stderr } = await world.run(migrate);
    expect([code, /error\[[\w-]+\]/.exec(stderr) !== null], stderr).toEqual([2, true]);
    expect(stderr).toContain(name);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
    expect(snapshot()).toEqual(before);
  });

  it('are not obeyed where one is a journal', async () => {
    const victim = join(world.folder, 'victim.txt');
    writeFileSync(victim, 'mine\n');
    const line = JSON.stringify({ type: 'write', path: victim, before: 'theirs', after: 'theirs' });
    for (const folder of ['tx/1', '.agent-id/tx/1', '.agent-id', 'agent-id/tx/1']) {
      const journal = join(world.root, folder, 'journal.jsonl');
      mkdirSync(dirname(journal), { recursive: true });
      writeFileSync(journal, `${line}\n{"type":"commit"}\n`);
    }
    const before = snapshot();
    for (const how of ['--status', '--resume', '--rollback']) {
      const { stderr } = await world.run(['migrate', how]);
      expect(stderr).not.toContain('victim');
    }
    expect(readFileSync(victim, 'utf8')).toBe('mine\n');
    expect(snapshot()).toEqual(before);
  });
});

describe('a tree without history', () => {
  it.each(['no repository', 'no commit', 'no git'])('is scanned, mapped and planned: %s', async (what) => {
    rmSync(join(world.root, '.git'), { recursive: true, force: true });
    if (what === 'no commit') {
      expect(spawnSync('git', ['init', '--quiet'], { cwd: world.root }).status).toBe(0);
    }
    const env = what === 'no git' ? { PATH: join(world.folder, 'nothing') } : {};
    const before = snapshot();
    for (const verb of ['scan', 'plan', 'map']) {
      const { code, stdout, stderr } = await world.run([verb, '--format', 'json'], '', env);
      expect([verb, code, stderr.includes('error[')], stderr).toEqual([verb, verb === 'map' ? 0 : 1, false]);
      expect(stdout).toContain('OKTA_API_TOKEN');
      expect(stdout).not.toContain(world.token.open());
    }
    expect(snapshot()).toEqual(before);
  });
});

/** Maps each file of the tree, git's own left out, to its mode and bytes. */
function snapshot(): Readonly<Record<string, string>> {
  const files = readdirSync(world.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/') && statSync(join(world.root, path)).isFile())
    .sort();
  const told = (path: string): string =>
    `${statSync(join(world.root, path)).mode} ${readFileSync(join(world.root, path), 'latin1')}`;
  return Object.fromEntries(files.map((path) => [path, told(path)]));
}
