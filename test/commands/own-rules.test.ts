import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { git, makeTree, put, run, scan, type ScanJson } from './scan-kit.ts';

interface Written {
  readonly id?: string;
  readonly keywords?: string;
  readonly pattern?: string;
  readonly more?: string;
}

/** A file of one rule in our YAML. */
function ruleFile({ id = 'acme-badge', keywords = '[acme]', pattern, more = '' }: Written): string {
  return `provider: acme
revoke: 'Acme, Badges; revoke it.'
rules:
  - id: ${id}
    title: Badge of Acme
    severity: high
    lifetime: static
    confidence: high
    grants: Every door of Acme.
    keywords: ${keywords}
    pattern: '${pattern ?? '(?<![a-z0-9_])(?<secret>acme_[0-9a-f]{20})(?![a-z0-9_])'}'
${more}    samples:
      match: ['acme_{hex:20}']
      ignore: ['acme_{hex:19}']
`;
}

function idsOf({ findings }: ScanJson): readonly string[] {
  return findings.map(({ rule, location }) => `${rule} ${location.path}:${location.startLine}`);
}

describe('--rules with our own YAML', () => {
  it('finds by them what built-in rules do not know, in trees and in histories', async () => {
    const root = makeTree({
      'badges.yaml': ruleFile({}),
      'src/door.txt': fillIn('one\nkey acme_{hex:20}\nno acme_{hex:21}\n'),
    });
    git(root, 'init', '--quiet');
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'doors');
    expect(idsOf(await scan(root))).toEqual([]);
    const seen = await scan(root, '--rules', 'badges.yaml');
    expect([seen.code, idsOf(seen)]).toEqual([1, ['acme-badge src/door.txt:2']]);
    expect(seen.findings[0]).toMatchObject({ provider: 'acme', severity: 'high', confidence: 'high' });
    put(root, 'src/door.txt', 'none\n');
    git(root, 'commit', '--quiet', '--all', '--message', 'closed');
    expect(idsOf(await scan(root, '--history', '--rules', 'badges.yaml'))).toEqual([
      'acme-badge src/door.txt:2',
    ]);
  });

  it('say of a history that they are not tried there, where they are about folders alone', async () => {
    const root = makeTree({
      'badges.yaml': ruleFile({ keywords: '[]', more: "    files: ['^badges/']\n" }),
      'badges/today': fillIn('acme_{hex:20}\n'),
    });
    git(root, 'init', '--quiet');
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'badges');
    expect(idsOf(await scan(root, '--rules', 'badges.yaml'))).toEqual(['acme-badge badges/today:1']);
    expect((await scan(root, '--history', '--rules', 'badges.yaml')).skipped).toEqual([
      { path: '.git', reason: 'rule acme-badge is about folders alone: not tried on a history' },
    ]);
  });

  it('takes several rules, by the form of their values and by names, and completes them', async () => {
    const second = ruleFile({}).slice(ruleFile({}).indexOf('  - id'));
    const bare = second
      .replace('acme-badge', 'acme-seal')
      .replace(
        / {4}pattern: .*\n/,
        "    bare: true\n    value: { pattern: 'seal-[0-9]{14}', minLength: 19, maxLength: 19, looks: token }\n",
      )
      .replace('[acme]', '[seal-]');
    const root = makeTree({
      'own.yml': ruleFile({}) + bare,
      'a.txt': fillIn('acme_{hex:20}\nx seal-{digit:14}\n'),
    });
    expect(idsOf(await scan(root, '--rules', 'own.yml', 'a.txt'))).toEqual([
      'acme-badge a.txt:1',
      'acme-seal a.txt:2',
    ]);
  });

  it.each([
    ['is not YAML', 'a: [', 'not YAML', 1],
    ['lacks what the schema asks for', ruleFile({}).replace(/ {4}title: .*\n/, ''), "'title'", 4],
    ['has a field that the schema does not know', ruleFile({ more: '    colour: red\n' }), 'additional', 12],
    ['has a value that is none', ruleFile({}).replace('severity: high', 'severity: awful'), 'severity', 6],
    ['has no anchor', ruleFile({ keywords: '[]' }), 'acme-badge: a pattern without keywords', 4],
    ['has no bound', ruleFile({ pattern: 'acme_[a-z]+' }), 'acme-badge: pattern: an unbounded', 4],
    ['refers back', ruleFile({ pattern: '(acme)_\\1' }), 'a back reference', 4],
    ['repeats a repetition', ruleFile({ pattern: 'acme(?:[a-z]{1,20}){1,20}!' }), 'repetition within', 4],
    ['would take for ever', ruleFile({ pattern: 'acme(?:a{1,20}b{0,1}){1,40}!' }), 'takes more than 5 ms', 4],
    ['is slow', ruleFile({ pattern: '[a-z]{0,900}acme_[0-9]{9}' }), 'takes more than 5 ms', 4],
    ['is no pattern', ruleFile({ pattern: 'acme_(' }), 'not a regular expression', 4],
    ['is a built-in one', ruleFile({ id: 'okta-api-token' }), 'there is one of that id already', 0],
    [
      'would send secrets to a host of its own',
      ruleFile({
        more: "    live: { url: 'https://acme.example/me', headers: { a: '{secret}' }, works: [200], dead: [401] }\n",
      }),
      'only built-in rules name a host',
      12,
    ],
  ])('refuses a file that %s', async (_, text, message, line) => {
    const root = makeTree({ 'bad.yaml': text });
    const { code, out, err } = await run(['scan', '--rules', 'bad.yaml'], { cwd: root });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    if (line > 0) expect(err).toContain(`bad.yaml:${line}`);
  });
});

describe('scan.rules of the settings', () => {
  const settings = 'schemaVersion: 1\nfingerprint:\n  salt: abcdefgh-ijklmnop\n';

  it('counts from the top, also below it', async () => {
    const root = makeTree({
      'agent-id.config.yaml': `${settings}scan:\n  rules: [ci/badges.yaml]\n`,
      'ci/badges.yaml': ruleFile({}),
      'src/a.txt': fillIn('acme_{hex:20}\n'),
    });
    git(root, 'init', '--quiet');
    expect(idsOf(await scan(root))).toEqual(['acme-badge src/a.txt:1']);
    expect(idsOf(await scan(join(root, 'src')))).toEqual(['acme-badge a.txt:1']);
  });

  it('reads nothing outside of the repository, also not through a link', async () => {
    const other = makeTree({ 'badges.yaml': ruleFile({}) });
    for (const file of [join(other, 'badges.yaml'), '../badges.yaml', 'link/badges.yaml']) {
      const root = makeTree({ 'agent-id.config.yaml': `${settings}scan:\n  rules: ['${file}']\n` });
      git(root, 'init', '--quiet');
      symlinkSync(other, join(root, 'link'));
      const { code, err } = await run(['scan'], { cwd: root });
      expect([code, err]).toEqual([2, expect.stringContaining('outside of the repository')]);
    }
  });

  it('counts as it stood before a pull request, which is told of what it changes', async () => {
    const root = makeTree({
      'agent-id.config.yaml': `${settings}scan:\n  rules: [badges.yaml]\n`,
      'badges.yaml': ruleFile({}),
    });
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'base');
    git(root, 'switch', '--quiet', '--create', 'topic');
    put(root, 'badges.yaml', ruleFile({ pattern: 'acme_[0-9]{99}' }));
    put(root, 'a.txt', fillIn('acme_{hex:20}\n'));
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message', 'weaken');
    expect(idsOf(await scan(root))).toEqual([]);
    const seen = await scan(root, '--since', 'main');
    expect(idsOf(seen)).toEqual(['acme-badge a.txt:1', 'policy-change badges.yaml:11']);
    expect(seen.findings.at(-1)?.reasons).toEqual(['the rules of badges.yaml are others']);
    put(root, 'agent-id.config.yaml', settings);
    git(root, 'rm', '--quiet', '--force', 'badges.yaml');
    git(root, 'commit', '--quiet', '--all', '--message', 'take them out');
    const gone = await scan(root, '--since', 'main');
    expect(idsOf(gone)).toEqual(['acme-badge a.txt:1', 'policy-change badges.yaml:1']);
  });
});
