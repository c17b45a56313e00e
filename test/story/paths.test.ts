import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import type { SecretMap } from '../../src/model/consumer.ts';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

async function agentsOf(...args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await world.run([
    'plan',
    '--secret',
    'OKTA_API_TOKEN',
    ...args,
    '--format',
    'json',
  ]);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { plan: Plan }).plan.agents.map(({ spec }) => spec.id).sort();
}

describe('several PATHs', () => {
  it('plan those consumers that have a place there, from wherever it is run', async () => {
    expect(await agentsOf('.github/workflows', '.mcp.json')).toEqual(['mcp-directory', 'sync-groups']);
    expect(await agentsOf('services', 'ops')).toEqual([
      'helpdesk',
      'inactive-users',
      'onboarding',
      'password-reset',
    ]);
    expect(await agentsOf('.github', '.mcp.json', '--only', 'sync-groups')).toEqual(['sync-groups']);
    expect(await agentsOf('services', '.')).toHaveLength(6);
    const elsewhere = ['-C', join(world.root, 'services'), 'plan', '../.github', '../.mcp.json'];
    const { stdout } = await world.run([...elsewhere, '--secret', 'OKTA_API_TOKEN']);
    expect([...stdout.matchAll(/^ {2}\S+ Agent \((\S+)\)/gm)].map(([, id]) => id)).toEqual([
      'sync-groups',
      'mcp-directory',
    ]);
  });

  it('move none without those that read the same base URL, and say who', async () => {
    const { code, stdout } = await world.run(['plan', 'services', '--secret', 'OKTA_API_TOKEN']);
    expect([code, stdout]).toEqual([1, expect.stringContaining('must wait: their base URL is OKTA_ORG_URL')]);
  });

  it('refuse a path that is not there, an agent that is not there, and a second repository', async () => {
    const gone = await world.run(['plan', 'services', 'no-such']);
    expect([gone.code, gone.stdout], gone.stderr).toEqual([2, '']);
    expect(gone.stderr).toMatch(/^error\[unreadable\].*\n.*no-such/);

    const typo = await world.run(['migrate', '--only', 'helpdsk', '--yes']);
    expect([typo.code, typo.stdout], typo.stderr).toEqual([2, '']);
    expect(typo.stderr).toMatch(/error\[unknown-name\][^]*Did you mean helpdesk\?/);

    const other = join(world.folder, 'other');
    mkdirSync(other);
    execFileSync('git', ['init', '--quiet', other]);
    const two = await world.run(['plan', '.', other]);
    expect([two.code, two.stdout]).toEqual([2, '']);
    expect(two.stderr).toContain('the paths are of several repositories');
  });

  it('map together what lies in several folders, also outside of the working folder', async () => {
    writeFileSync(join(world.folder, 'other', 'job.py'), 'import os\nkey = os.environ["OKTA_API_TOKEN"]\n');
    const args = ['map', 'services/helpdesk', join(world.folder, 'other/job.py'), '--format', 'json'];
    const { code, stdout, stderr } = await world.run(args);
    expect([code, stderr]).toEqual([0, '']);
    const { secrets } = JSON.parse(stdout) as SecretMap;
    const paths = secrets.flatMap(({ consumers }) => consumers.map(({ path }) => path));
    expect(paths.sort()).toEqual(['acme/services/helpdesk/app.py', 'other/job.py']);
  });

  it('migrate only what was named; the others keep the secret', async () => {
    const { code, stderr } = await world.run(
      'migrate .github/workflows .mcp.json --secret OKTA_API_TOKEN --yes --allow-dirty'.split(' '),
    );
    expect([code, stderr]).toEqual([0, stderr]);
    const changed = execFileSync('git', ['status', '--porcelain'], { cwd: world.root, encoding: 'utf8' });
    expect(changed).toContain(' M .mcp.json');
    expect(changed).not.toMatch(/ services| ops| \.env/);
    const retire = await world.run(['retire', 'OKTA_API_TOKEN', '--yes']);
    expect([retire.code, retire.stdout]).toEqual([1, retire.stdout]);
    expect(await agentsOf('services')).toEqual([]);
  });

  it('explain a finding by its id in what scan saw at the same paths', async () => {
    const paths = ['services/helpdesk', 'services/onboarding'];
    const scanned = await world.run(['scan', ...paths, '--format', 'json']);
    const { findings } = JSON.parse(scanned.stdout) as {
      findings: readonly { readonly id: string; readonly location: { readonly path: string } }[];
    };
    expect(new Set(findings.map(({ location }) => location.path.split('/')[1]))).toEqual(
      new Set(['helpdesk', 'onboarding']),
    );
    for (const { id, location } of findings) {
      const { code, stdout } = await world.run(['explain', id, ...paths]);
      expect([code, stdout]).toEqual([0, expect.stringContaining(`at         ${location.path}:`)]);
    }
    const line = await world.run(['explain', 'main.go:1', ...paths]);
    expect([line.code, line.stdout], line.stderr).toEqual([0, expect.stringMatching(/^main\.go:1\n/)]);
  });
});
