import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verbs } from '../../src/commands/index.ts';
import { scanFormats } from '../../src/output/scan-formats.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let values: readonly string[];

beforeAll(async () => {
  world = await openWorld();
  const password = `Qx7!${Math.random().toString(36).slice(2, 12)}zZ9`;
  writeFileSync(
    join(world.root, 'settings.yaml'),
    `database:\n  password: "${password}"\n  url: postgres://app:${password}@db.internal:5432/app\n`,
  );
  values = [world.token.open(), password];
});

afterAll(() => world.close());

/** Every verb, in every format it has, in good and bad ways. */
const lines: readonly (readonly string[])[] = [
  ...scanFormats.map((format) => ['scan', '--format', format, '--min-confidence', 'low']),
  ['scan', '--staged'],
  ['scan', '--history', '--format', 'html'],
  ['scan', '--since', 'HEAD', '--format', 'sarif'],
  ['scan', ...scanFormats.flatMap((format) => ['--output', `${format}=report.${format}`])],
  ['scan', '--stdin', '--stdin-name', 'x.env'],
  ...['text', 'json', 'mermaid', 'dot'].map((format) => ['map', '--format', format]),
  ['map', '--impact'],
  ['explain', 'okta-api-token'],
  ['explain', 'no-such-thing'],
  ['hook', 'run'],
  ['hook', 'install'],
  ['hook', 'uninstall'],
  ['init', '--nonsense'],
  ['plan'],
  ['idp', 'list'],
  ['idp', 'status'],
  ['idp', 'add', 'sandbox', '--type', 'embedded'],
  ['idp', 'check', 'sandbox'],
  ...['text', 'json'].map((format) => ['plan', '--format', format]),
  ['plan', '--secret', 'OKTA_API_TOKEN', '--out', 'plan.json'],
  ['migrate', '--dry-run', '--secret', 'OKTA_API_TOKEN'],
  ['migrate', '--check', '--secret', 'OKTA_API_TOKEN', '--format', 'json'],
  ['migrate', '--secret', 'OKTA_API_TOKEN'],
  ['--verbose', 'migrate', '--secret', 'OKTA_API_TOKEN', '--yes'],
  ['migrate', '--status'],
  ['migrate', '--resume'],
  ['agents', 'list'],
  ['agents', 'show', 'helpdesk'],
  ['token', '--agent', 'helpdesk', '--resource', 'password-api'],
  ['exec', '--agent', 'helpdesk', '--env', 'X=password-api', '--', 'true'],
  ['whoami'],
  ['login', '--idp', 'no-such'],
  ['logout'],
  ['audit', 'show'],
  ['audit', 'verify'],
  ['audit', 'export', '--format', 'json'],
  ['retire', 'OKTA_API_TOKEN', '--yes'],
  ['migrate', '--rollback'],
  ['scan', '--write-baseline', '--reason', 'known', '--expires', '2099-12-31', '--min-confidence', 'low'],
  ['--version'],
  ['--help'],
];

describe('no value of a secret', () => {
  it('stands in anything that a verb prints or writes, errors included', async () => {
    const leaks: string[] = [];
    let searched = 0;
    for (const line of lines) {
      const input = line.includes('--stdin') ? `TOKEN_OF_X=${values[0] ?? ''}\n` : '';
      const { stdout, stderr } = await world.run(line, input);
      searched += stdout.length + stderr.length;
      if (holds(stdout) || holds(stderr)) leaks.push(line.join(' '));
      for (const path of writtenFiles())
        if (holds(readFileSync(path, 'utf8'))) leaks.push(`${line.join(' ')} wrote ${path}`);
    }
    expect([...new Set(leaks)]).toEqual([]);
    expect(searched).toBeGreaterThan(10_000);
  }, 400_000);

  it('was looked for in every verb; the demo claims it of itself', () => {
    const seen = new Set(lines.flat());
    expect(verbs.map((verb) => verb.name).filter((name) => !seen.has(name))).toEqual(['demo']);
  });
});

/** The value whole, a part of it, or in another spelling. */
function holds(text: string): boolean {
  return values.some((value) =>
    [
      value,
      value.slice(0, 12),
      value.slice(-12),
      Buffer.from(value).toString('base64').slice(0, 20),
      Buffer.from(value).toString('hex').slice(0, 24),
    ].some((part) => text.includes(part)),
  );
}

/** What agent-id wrote: reports, lock, settings, baseline, state; not the person's own files, not the originals of an open migration. */
function writtenFiles(): readonly string[] {
  const names = [
    ...scanFormats.map((format) => `report.${format}`),
    '.gitattributes',
    'plan.json',
    'agent-id.lock.json',
    'agent-id.config.yaml',
    '.agent-id-baseline.json',
  ];
  const inState = readdirSync(world.home, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('/pre/'))
    .map((name) => join(world.home, name));
  return [...names.map((name) => join(world.root, name)), ...inState].filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  );
}
