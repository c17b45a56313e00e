import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, makeTree, oktaToken, put, run, scan, type ScanJson } from './scan-kit.ts';

const write = ['--write-baseline', '--reason', 'sandbox', '--expires', '2026-12-31'];

function commit(root: string, message: string): void {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '--message', message);
}

/** A repository with settings on main, and a topic branch checked out. */
function openTopic(files: Readonly<Record<string, string>>): string {
  const root = makeTree({
    'README.txt': 'x\n',
    'agent-id.config.yaml': 'schemaVersion: 1\nfingerprint:\n  salt: abcdefgh-ijklmnop\n',
    ...files,
  });
  git(root, 'init', '--quiet', '--initial-branch', 'main');
  commit(root, 'base');
  git(root, 'switch', '--quiet', '--create', 'topic');
  return root;
}

function changesOf({ findings }: ScanJson): readonly string[] {
  return findings.filter(({ rule }) => rule === 'policy-change').map(({ reasons }) => reasons.join('; '));
}

function openSecrets({ findings }: ScanJson): readonly string[] {
  return findings
    .filter(({ kind, state }) => kind === 'literal' && state === 'new')
    .map(({ location }) => location.path);
}

describe('what a pull request adds to the policy', () => {
  it('accepts nothing by its own baseline, and shows the entry', async () => {
    const root = openTopic({});
    put(root, 'a.env', `OKTA_TOKEN=${oktaToken()}\n`);
    await run(['scan', ...write], { cwd: root });
    commit(root, 'hide it');
    expect((await scan(root)).code).toBe(0);
    const seen = await scan(root, '--since', 'main');
    expect([seen.code, openSecrets(seen)]).toEqual([1, ['a.env']]);
    expect(changesOf(seen)).toEqual([
      'the baseline accepts okta-api-token in a.env until 2026-12-31: sandbox',
    ]);
    const change = seen.findings.find(({ kind }) => kind === 'policy');
    const line = readFileSync(join(root, '.agent-id-baseline.json'), 'utf8').split('\n')[
      (change?.location.startLine ?? 0) - 1
    ];
    expect([change?.location.path, line]).toEqual([
      '.agent-id-baseline.json',
      expect.stringContaining('okta-api-token'),
    ]);
  });

  it('leaves out nothing by its own settings, and shows the glob', async () => {
    const root = openTopic({});
    put(root, 'hidden/a.env', `OKTA_TOKEN=${oktaToken()}\n`);
    const config = readFileSync(join(root, 'agent-id.config.yaml'), 'utf8');
    put(root, 'agent-id.config.yaml', `${config}scan:\n  exclude:\n    - hidden/**\n`);
    commit(root, 'hide it');
    expect(openSecrets(await scan(root))).toEqual([]);
    const seen = await scan(root, '--since', 'main');
    expect(openSecrets(seen)).toEqual(['hidden/a.env']);
    expect(changesOf(seen)).toEqual(['scan.exclude leaves out hidden/**']);
  });

  it('ignores nothing by its own comment, but by those that stood before, also in a renamed file', async () => {
    const token = oktaToken();
    const old = `# agent-id:ignore okta-api-token sandbox\nOKTA_TOKEN=${token}\nA=1\nB=2\nC=3\n`;
    const root = openTopic({ 'old.env': old });
    git(root, 'mv', 'old.env', 'moved.env');
    put(root, 'moved.env', `${old}D=4\n`);
    put(root, 'fresh.env', `OKTA_TOKEN=${oktaToken()} # agent-id:ignore okta-api-token mine\n`);
    commit(root, 'more');
    const seen = await scan(root, '--since', 'main');
    expect(openSecrets(seen)).toEqual(['fresh.env']);
    expect(changesOf(seen)).toEqual(['a comment ignores okta-api-token: mine']);
    expect(seen.findings.find(({ location }) => location.path === 'moved.env')?.state).toBe('ignored');
  });

  it('is in every summary, and alone fails only under --fail-on any', async () => {
    const root = openTopic({});
    put(root, 'agent-id.config.yaml', 'schemaVersion: 1\nfingerprint:\n  salt: another-salt-of-many\n');
    commit(root, 'another salt');
    const since = ['scan', '--since', 'main'];
    for (const format of ['text', 'markdown', 'sarif', 'junit', 'csv', 'html', 'gitlab', 'jsonl']) {
      const ran = await run([...since, '--format', format], { cwd: root });
      expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('salt')]);
    }
    expect((await run([...since, '--fail-on', 'any'], { cwd: root })).code).toBe(1);
    expect(
      (await run([...since, '--fail-on', 'any', '--skip-rule', 'policy-change'], { cwd: root })).code,
    ).toBe(0);
  });

  it('is nothing where nothing changed, and what main accepted stays accepted', async () => {
    const root = makeTree({ 'a.env': `OKTA_TOKEN=${oktaToken()}\n` });
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    await run(['scan', ...write], { cwd: root });
    commit(root, 'base');
    git(root, 'switch', '--quiet', '--create', 'topic');
    put(root, 'a.env', `# moved\n${readFileSync(join(root, 'a.env'), 'utf8')}`);
    commit(root, 'touch it');
    const seen = await scan(root, '--since', 'main');
    expect([seen.code, changesOf(seen)]).toEqual([0, []]);
  });

  it('cannot be judged from a commit that is not here, nor accepted in the same run', async () => {
    const root = openTopic({});
    const ran = await run(['scan', '--since', 'no-such-ref'], { cwd: root });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('error[')]);
    expect((await run(['scan', '--since', 'main', ...write], { cwd: root })).err).toContain(
      'exclude each other',
    );
  });
});
