import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld();
  const added = await world.run(['idp', 'add', 'sandbox', '--type', 'embedded']);
  expect(added.code).toBe(0);
});

afterEach(() => world.close());

describe('migrate', () => {
  it('shows plan and diff with --dry-run and changes nothing', async () => {
    const before = snapshot(world.root);
    const { code, stdout } = await world.run(['migrate', '--dry-run', '--secret', 'OKTA_API_TOKEN']);
    expect(code).toBe(0);
    expect(stdout).toContain('Password-Reset Agent (password-reset)  new application');
    expect(stdout).toContain('-OKTA_API_TOKEN=********');
    expect(snapshot(world.root)).toEqual(before);
  });

  it('rewrites every consumer, keeps modes, and is done when run again', async () => {
    const migrated = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect(migrated.stderr).toContain('6 agents');
    expect(migrated.code).toBe(0);
    expect(migrated.stderr).toMatch(/^proven   Inactive-Users Agent: .*GET \/api\/v1\/users answered 200$/m);
    expect(migrated.stderr).toMatch(/^waiting  Password-Reset Agent: it acts for a user/m);
    expect(statSync(join(world.root, '.env')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(world.root, '.env'), 'utf8')).not.toContain(world.token.open());
    expect(readFileSync(join(world.root, '.mcp.json'), 'utf8')).not.toContain(world.token.open());
    const lock = JSON.parse(readFileSync(join(world.root, 'agent-id.lock.json'), 'utf8')) as {
      agents: object;
    };
    expect(Object.keys(lock.agents)).toEqual([
      'helpdesk',
      'inactive-users',
      'mcp-directory',
      'onboarding',
      'password-reset',
      'sync-groups',
    ]);
    const scan = await world.run(['scan']);
    expect(scan.code).toBe(0);
  });

  it('takes everything back with --rollback', async () => {
    const before = snapshot(world.root);
    expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
    const back = await world.run(['migrate', '--rollback']);
    expect(back.stderr).toContain('rolled back');
    expect(snapshot(world.root)).toEqual(before);
  });

  it('overwrites nobody: a file edited since is named, and nothing is taken back', async () => {
    await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    const edited = join(world.root, 'compose.yaml');
    writeFileSync(edited, `${readFileSync(edited, 'utf8')}# mine\n`);
    const after = snapshot(world.root);
    const { code, stderr } = await world.run(['migrate', '--rollback']);
    expect(code).toBe(2);
    expect(stderr).toContain('error[conflict]');
    expect(stderr).toContain('compose.yaml');
    expect(snapshot(world.root)).toEqual(after);
  });

  it('refuses files with uncommitted edits', async () => {
    const edited = join(world.root, 'compose.yaml');
    writeFileSync(edited, `${readFileSync(edited, 'utf8')}# mine\n`);
    const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect(code).toBe(2);
    expect(stderr).toContain('error[dirty]');
  });

  it('asks nothing where nobody can answer: the error names the flag', async () => {
    const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN']);
    expect(code).toBe(2);
    expect(stderr).toContain('error[not-interactive]');
    expect(stderr).toContain('--yes');
  });

  it('refuses to retire before the consumers are verified', async () => {
    await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    const { code, stdout } = await world.run(['retire', 'OKTA_API_TOKEN', '--yes']);
    expect(code).toBe(1);
    expect(stdout).toContain('has not got a token yet');
  });

  it('leaves everything alone while one consumer cannot move', async () => {
    const source = join(world.root, 'services/helpdesk/app.py');
    writeFileSync(
      source,
      readFileSync(source, 'utf8').replace('f"SSWS {OKTA_API_TOKEN}"', 'made_up(OKTA_API_TOKEN)'),
    );
    execFileSync('git', [
      '-C',
      world.root,
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@x.example',
      'commit',
      '-qam',
      'odd',
    ]);
    const before = snapshot(world.root);
    const { stdout } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect(stdout).toContain('nothing is changed for OKTA_API_TOKEN');
    expect(snapshot(world.root)).toEqual(before);
  });
});

/** Every file of the work tree with its mode. */
function snapshot(root: string): Readonly<Record<string, string>> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.git/') && !name.includes('node_modules'))
    .filter((name) => statSync(join(root, name)).isFile())
    .sort();
  return Object.fromEntries(
    files.map((name) => [
      name,
      `${(statSync(join(root, name)).mode & 0o777).toString(8)} ${readFileSync(join(root, name), 'utf8')}`,
    ]),
  );
}
