import { describe, expect, it } from 'vitest';
import { matchesPath, ownerRule, parseCodeowners } from '../../src/inventory/codeowners.ts';

const matrix: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ['*', 'a.ts', true],
  ['*', 'deep/er/a.ts', true],
  ['*.js', 'src/x/a.js', true],
  ['*.js', 'src/x/a.jsx', false],
  ['/build/logs/', 'build/logs/a/b.log', true],
  ['/build/logs/', 'x/build/logs/a.log', false],
  ['/build/logs/', 'build/logs', false],
  ['docs/*', 'docs/a.md', true],
  ['docs/*', 'docs/sub/a.md', false],
  ['apps/', 'apps/a.ts', true],
  ['apps/', 'x/apps/y/a.ts', true],
  ['apps/', 'apps', false],
  ['/docs/', 'docs/x/y.md', true],
  ['/docs/', 'sub/docs/y.md', false],
  ['/scripts/', 'scripts/a.sh', true],
  ['**/logs', 'build/logs/x', true],
  ['**/logs', 'logs/x', true],
  ['**/logs', 'build/catalogs/x', false],
  ['/apps/github', 'apps/github', true],
  ['/apps/github', 'apps/github/a.ts', true],
  ['/apps/github', 'apps/githubber/a.ts', false],
  ['services/**', 'services/a/b.ts', true],
  ['services/**/main.ts', 'services/a/b/main.ts', true],
  ['services/**/main.ts', 'services/main.ts', true],
  ['services/*/main.ts', 'services/a/b/main.ts', false],
  ['Makefile', 'x/Makefile', true],
  ['src/?.ts', 'src/a.ts', true],
  ['src/?.ts', 'src/ab.ts', false],
  ['a+(b).ts', 'a+(b).ts', true],
  ['SRC/a.ts', 'src/a.ts', false],
];

describe('CODEOWNERS', () => {
  it.each(matrix)('%s on %s is %s', (pattern, path, matches) => {
    expect(matchesPath(pattern, path)).toBe(matches);
  });

  it('lets the last match win, also one without owners', () => {
    const rules = parseCodeowners('* @all\n/apps/ @apps\n/apps/free\n');
    expect(ownerRule(rules, 'x.ts')?.owners).toEqual(['@all']);
    expect(ownerRule(rules, 'apps/x.ts')).toMatchObject({ owners: ['@apps'], line: 2 });
    expect(ownerRule(rules, 'apps/free/x.ts')).toMatchObject({ owners: [], line: 3 });
  });

  it('reads comments, escapes, e-mail addresses, CRLF and a byte order mark', () => {
    const text = '\uFEFF# all\r\n\r\n*  @org/team a@b.example # why\r\n/My\\ Files/ @me\r\n';
    expect(parseCodeowners(text)).toEqual([
      { line: 3, pattern: '*', owners: ['@org/team', 'a@b.example'] },
      { line: 4, pattern: '/My Files/', owners: ['@me'] },
    ]);
  });

  it('leaves out what GitHub leaves out', () => {
    expect(parseCodeowners('!x @a\n[ab].ts @a\n\\#x @a\n')).toEqual([]);
  });

  it('takes a hostile pattern in bounded time', () => {
    const started = performance.now();
    expect(matchesPath(`/${'*a'.repeat(200)}`, 'a'.repeat(5000) + 'b')).toBe(false);
    expect(matchesPath('**/'.repeat(30) + 'x', 'a/'.repeat(60) + 'y')).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
