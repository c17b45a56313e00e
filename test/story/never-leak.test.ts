import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verbs } from '../../src/commands/index.ts';
import { processIo } from '../../src/lib/process-io.ts';
import { mapFormats } from '../../src/output/map-formats.ts';
import { scanFormats } from '../../src/output/scan-formats.ts';
import { holds } from './leaks.ts';
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

/** One command line in both of the formats that most verbs have. */
function both(...line: readonly string[]): readonly (readonly string[])[] {
  return [
    [...line, '--format', 'text'],
    [...line, '--format', 'json'],
  ];
}

/** Every verb, in every format it has, in good and bad ways. */
const lines: readonly (readonly string[])[] = [
  ...scanFormats.map((format) => ['scan', '--format', format, '--min-confidence', 'low']),
  ['scan', '--staged'],
  ['scan', '--history', '--format', 'html'],
  ['scan', '--since', 'HEAD', '--format', 'sarif'],
  ['scan', ...scanFormats.flatMap((format) => ['--output', `${format}=report.${format}`])],
  ['scan', '--stdin', '--stdin-name', 'x.env'],
  ...mapFormats.map((format) => ['map', '--format', format]),
  ['map', ...mapFormats.flatMap((format) => ['--output', `${format}=map.${format}`])],
  ['map', '--impact'],
  ['explain', 'okta-api-token'],
  ['explain', 'no-such-thing'],
  ...both('doctor', '--online'),
  ['completion', 'bash'],
  ['hook', 'run'],
  ['hook', 'install'],
  ['hook', 'uninstall'],
  ['init', '--nonsense'],
  ['plan'],
  ['scan', '--machine', '--format', 'json'],
  ...both('idp', 'list'),
  ...both('idp', 'status'),
  ...both('idp', 'start', '--port', '70000'),
  ...both('idp', 'add', 'sandbox', '--type', 'embedded'),
  ...both('idp', 'check', 'sandbox'),
  ...both('plan'),
  ['plan', '--secret', 'OKTA_API_TOKEN', '--out', 'plan.json'],
  ['migrate', '--dry-run', '--secret', 'OKTA_API_TOKEN'],
  ['migrate', '--check', '--secret', 'OKTA_API_TOKEN', '--format', 'json'],
  ['migrate', '--secret', 'OKTA_API_TOKEN', '--format', 'text'],
  ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes', '--commit'],
  ['--verbose', 'migrate', '--secret', 'OKTA_API_TOKEN', '--yes'],
  ['migrate', '--status'],
  ['migrate', '--resume'],
  ...both('agents', 'list'),
  ...both('agents', 'show', 'helpdesk'),
  ...both('agents', 'enroll', 'helpdesk'),
  ...both('agents', 'code', 'helpdesk'),
  ['agents', 'sign', 'no-such-key'],
  ...both('agents', 'approve', 'BCDF-GHJK', '--yes'),
  ...both('agents', 'revoke', 'inactive-users'),
  ...both('agents', 'restore', 'inactive-users'),
  ...both('agents', 'review'),
  ...both('agents', 'review', '--check'),
  ['agents', 'review', ...['csv', 'json', 'html'].flatMap((format) => ['--export', `review.${format}`])],
  ['agents', 'review', '--decisions', 'review.json'],
  ...both('agents', 'register', 'plan.json'),
  ...both('agents', 'gc', '--dry-run'),
  ...both('agents', 'rotate', 'inactive-users', '--overlap', '0s'),
  ...both('agents', 'remove', 'helpdesk', '--key', 'nobody', '--yes'),
  ...['raw', 'json', 'env', 'github', 'header'].map((format) =>
    `token --agent inactive-users --resource password-api --as-agent --format ${format}`.split(' '),
  ),
  ['token', '--agent', 'helpdesk', '--resource', 'password-api'],
  ['exec', '--agent', 'helpdesk', '--env', 'X=password-api', '--', 'true'],
  ['exec', '--agent', 'inactive-users', '--as-agent', '--env', 'X=password-api', '--', 'env'],
  ...both('whoami'),
  ['login', '--idp', 'no-such'],
  ['logout'],
  ...both('audit', 'show'),
  ...both('audit', 'verify'),
  ['audit', 'export', '--format', 'json'],
  ['audit', 'export', '--format', 'csv'],
  ['audit', 'export', '--format', 'ocsf'],
  ['audit', 'export', '--format', 'syslog'],
  ...both('retire', 'OKTA_API_TOKEN', '--yes'),
  ['retire', 'OKTA_API_TOKEN', '--yes', '--quiet-for', '1h', '--format', 'json'],
  ['migrate', '--rollback'],
  ...both('idp', 'remove', 'no-such'),
  ...both('idp', 'stop', '--data', 'nowhere'),
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
      if (holds(stdout, values) || holds(stderr, values)) leaks.push(line.join(' '));
      for (const path of writtenFiles())
        if (holds(readFileSync(path, 'utf8'), values)) leaks.push(`${line.join(' ')} wrote ${path}`);
    }
    expect([...new Set(leaks)]).toEqual([]);
    expect(searched).toBeGreaterThan(10_000);
  }, 400_000);

  it('was looked for in every verb and every format that there is; in the demo by its own test', async () => {
    const declared = await declaredForms();
    expect(declared.length).toBeGreaterThan(60);
    const missing = declared.filter(
      ([words, format]) =>
        !lines.some((line) => isOf(line, words) && (format === null || line.includes(format))),
    );
    expect(missing).toEqual([[['demo'], null]]);
  });
});

type Form = readonly [words: readonly string[], format: string | null];

/** Every verb and verb below a verb, once for each format that it declares. */
async function declaredForms(): Promise<readonly Form[]> {
  const program = new Command().enablePositionalOptions();
  const io = processIo();
  for (const verb of verbs) (await verb.load())(program, io);
  return program.commands.flatMap((command) => formsOf(command, []));
}

function formsOf(command: Command, above: readonly string[]): readonly Form[] {
  const words = [...above, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((below) => formsOf(below, words));
  const formats = command.options.find(({ long }) => long === '--format')?.argChoices;
  return formats === undefined ? [[words, null]] : formats.map((format): Form => [words, format]);
}

function isOf(line: readonly string[], words: readonly string[]): boolean {
  const at = line.indexOf(words[0] ?? '');
  return at !== -1 && words.every((word, n) => line[at + n] === word);
}

/** What agent-id wrote: reports, lock, settings, baseline, state; not the person's own files, not the originals of an open migration. */
function writtenFiles(): readonly string[] {
  const names = [
    ...scanFormats.map((format) => `report.${format}`),
    ...mapFormats.map((format) => `map.${format}`),
    ...['csv', 'json', 'html'].map((format) => `review.${format}`),
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
