import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { run, type ScanJson } from './scan-kit.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-id-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = `[[rules]]
id = "acme-badge"
description = "Badge of Acme"
regex = '''(?i)\\bacme_(?P<value>[a-f0-9]{12})\\b'''
secretGroup = 1
entropy = 2.5
keywords = ["acme_"]
[[rules.allowlists]]
stopwords = ["c0ffee"]
[[rules.allowlists]]
paths = ['''(^|/)vendor/''']
`;
const derived = `[extend]
path = "base.toml"
[[rules]]
id = "acme-filtered"
regex = '''zeta-([0-9]{6})'''
keywords = ["zeta-"]
filter = '''
finding["secret"] == "000000" || matchesAny(attributes["path"], [\`\\.md$\`])
'''
`;

describe('--rules', () => {
  it('finds by the rules of gitleaks and betterleaks, and takes back what they take back', async () => {
    writeFileSync(join(folder, 'base.toml'), base);
    writeFileSync(join(folder, 'rules.toml'), derived);
    const lines = [
      fillIn('x = ACME_{hexup:5}1f0ce7a'),
      'y = acme_c0ffee1234ab',
      'z = acme_111111111111',
      'zeta-123456',
      'zeta-000000',
    ];
    writeFileSync(join(folder, 'notes.txt'), `${lines.join('\n')}\n`);
    writeFileSync(join(folder, 'notes.md'), 'zeta-123456\n');
    const args = ['scan', '--rules', 'rules.toml', '--format', 'json', 'notes.txt', 'notes.md'];
    const { out } = await run(args, { cwd: folder });
    const { findings } = JSON.parse(out) as ScanJson;
    expect(findings.map(({ rule, location }) => `${rule} ${location.path}:${location.startLine}`)).toEqual([
      'acme-badge notes.txt:1',
      'acme-filtered notes.txt:4',
    ]);
  });

  it.each([
    ['there is no such file', 'none.toml', ''],
    ['neither TOML nor', 'broken.toml', '[[rules'],
    ['rule odd: ', 'odd.toml', `[[rules]]\nid = "odd"\nregex = '''(?<=x)y'''\n`],
    [
      'rule slow: a repetition within a repetition',
      'slow.toml',
      `[[rules]]\nid = "slow"\nregex = '''(a+)+\\d$'''\n`,
    ],
  ])('says what is wrong: %s', async (message, name, text) => {
    if (text !== '') writeFileSync(join(folder, name), text);
    const { code, err } = await run(['scan', '--rules', name], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('take a repetition within a repetition where no text makes it slow', async () => {
    const rule = `[[rules]]\nid = "words"\nregex = '''acme(?:.*?|.*?(?:[\\r\\n]{1,2}.*?){1,5})-[a-z]{1,4}'''\n`;
    writeFileSync(join(folder, 'words.toml'), rule);
    writeFileSync(join(folder, 'words.txt'), 'acme-one-two\n');
    const { code, err } = await run(['scan', '--rules', 'words.toml', '--fail-on', 'any', 'words.txt'], {
      cwd: folder,
    });
    expect([code, err]).toEqual([1, expect.not.stringContaining('error')]);
  });
});
