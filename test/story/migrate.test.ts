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

  it('takes everything back too after agent-id noted how far each consumer is', async () => {
    const before = snapshot(world.root);
    expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
    const lock = join(world.root, 'agent-id.lock.json');
    const written = readFileSync(lock, 'utf8');
    const scopes = 'password-api#okta.users.read';
    const ran = ['exec', '--agent', 'inactive-users', '--as-agent', '--env', `T=${scopes}`, '--', 'true'];
    const probed = await world.run(['migrate', '--status']);
    expect(probed.stdout).toMatch(/^rewritten {2}Inactive-Users Agent.*start it once where it runs/m);
    await new Promise((done) => setTimeout(done, 1_100));
    expect((await world.run(ran)).stderr).toBe('');
    expect((await world.run(['migrate', '--status'])).stdout).toMatch(/^verified {3}Inactive-Users Agent/m);
    expect((await world.run(['agents', 'rotate', 'inactive-users'])).code).toBe(0);
    expect(readFileSync(lock, 'utf8')).not.toBe(written);
    const back = await world.run(['migrate', '--rollback']);
    expect([back.code, back.stderr]).toEqual([0, expect.stringContaining('rolled back')]);
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
    expect(stderr).toContain('Not by git stash');
    expect(snapshot(world.root)).toEqual(after);
  });

  it('leaves a script to a person that loads variables from outside of the repository', async () => {
    change('scripts/inactive-users.sh', (text) =>
      text.replace('set -eu\n', 'set -eu\n. /etc/acme/legacy.env\n'),
    );
    const { stdout } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect(stdout).toContain('variables are loaded here from outside of the repository');
    const lock = JSON.parse(readFileSync(join(world.root, 'agent-id.lock.json'), 'utf8')) as {
      agents: object;
    };
    expect(Object.keys(lock.agents)).not.toContain('inactive-users');
    await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    const registered = (await world.run(['audit', 'show'])).stdout.match(/was registered/g) ?? [];
    expect(registered).toHaveLength(Object.keys(lock.agents).length);
  });

  it('refuses files with uncommitted edits', async () => {
    const edited = join(world.root, 'compose.yaml');
    writeFileSync(edited, `${readFileSync(edited, 'utf8')}# mine\n`);
    const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect(code).toBe(2);
    expect(stderr).toContain('error[dirty]');
  });

  it('refuses a file that is staged under a name of its own', async () => {
    git('mv', 'compose.yaml', 'old.yaml');
    git('commit', '--quiet', '--message', 'x');
    git('mv', 'old.yaml', 'compose.yaml');
    const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/error\[dirty\][^]*compose\.yaml/)]);
  });

  it('refuses where git cannot say what is edited, unless told not to ask', async () => {
    const before = snapshot(world.root);
    writeFileSync(join(world.root, '.git/index'), 'no index');
    const { code, stderr } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/error\[dirty\][^]*--allow-dirty/)]);
    expect(snapshot(world.root)).toEqual(before);
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

  describe('where one consumer cannot move', () => {
    beforeEach(() => {
      change('services/helpdesk/app.py', (text) =>
        text.replace('f"SSWS {OKTA_API_TOKEN}"', 'made_up(OKTA_API_TOKEN)'),
      );
    });

    it('holds back those that read the same base URL, says why, and moves the others', async () => {
      const { stdout, code } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /\.env:2 {2}(?=.*password-reset)(?=.*onboarding)(?!.*sync-groups).* must wait: their base URL is OKTA_ORG_URL, and so helpdesk does \(it stays for services\/helpdesk\/app\.py:\d+\)/,
      );
      const lock = JSON.parse(readFileSync(join(world.root, 'agent-id.lock.json'), 'utf8')) as {
        agents: object;
      };
      expect(Object.keys(lock.agents)).toEqual(['mcp-directory', 'sync-groups']);
      expect(readFileSync(join(world.root, '.env'), 'utf8')).toContain(world.token.open());
      expect(readFileSync(join(world.root, 'compose.yaml'), 'utf8')).toContain('${OKTA_API_TOKEN:?');
      expect(readFileSync(join(world.root, '.mcp.json'), 'utf8')).not.toContain(world.token.open());
    });

    it('moves all others where that one has a base URL of its own', async () => {
      const own = (text: string): string => text.replaceAll('OKTA_ORG_URL', 'HELPDESK_ORG_URL');
      change('services/helpdesk/app.py', own);
      change('compose.yaml', (text) =>
        text.replace('- OKTA_ORG_URL=${OKTA_ORG_URL}', '- HELPDESK_ORG_URL=${HELPDESK_ORG_URL}'),
      );
      change('.env', (text) => `${text}\nHELPDESK_ORG_URL=${world.embedded.oktaUrl}\n`);
      const { stdout } = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--allow-dirty', '--yes']);
      console.log(stdout);
      expect(stdout).not.toContain('must wait');
      const env = readFileSync(join(world.root, '.env'), 'utf8');
      expect(env).toContain(`HELPDESK_ORG_URL=${world.embedded.oktaUrl}\n`);
      expect(env).not.toContain(`\nOKTA_ORG_URL=${world.embedded.oktaUrl}\n`);
      expect(env).toContain(world.token.open());
      const compose = readFileSync(join(world.root, 'compose.yaml'), 'utf8');
      expect(compose).toContain('- OKTA_API_TOKEN=${OKTA_API_TOKEN}');
      expect(compose).not.toContain('OKTA_API_TOKEN:');
    });
  });
});

/** Edits a file of the estate and commits it. */
function change(path: string, edit: (text: string) => string): void {
  const file = join(world.root, path);
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
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
}

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

function git(...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example', ...args], {
    cwd: world.root,
    stdio: 'pipe',
  });
}
