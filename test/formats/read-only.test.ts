import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFile } from '../../src/formats/index.ts';
import type { FileFacts, Slot } from '../../src/model/facts.ts';
import { attempt, fixture, parsed, readers, variants } from './kit.ts';

function shown(facts: FileFacts): readonly string[] {
  return facts.slots
    .filter((slot) => slot.part !== true)
    .map(({ path, name, value }) => `${path} | ${name ?? '-'} | ${value.replaceAll('\r', '')}`);
}

function uses(facts: FileFacts): readonly string[] {
  return facts.uses.map(({ name, slot, as, binding }) =>
    [name, slot ?? '-', as ?? '-', binding ?? '-'].join(' '),
  );
}

function assertInside({ slots, uses: read }: FileFacts, text: string): void {
  for (const { span } of [...slots, ...read]) {
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(text.length);
  }
  for (const { span, entry } of slots) {
    expect(entry.start).toBeLessThanOrEqual(span.start);
    expect(entry.end).toBeGreaterThanOrEqual(span.end);
    expect(entry.end).toBeLessThanOrEqual(text.length);
  }
}

describe.each(readers)('$file', ({ file, path }) => {
  describe.each(variants)('with $name', ({ of }) => {
    const text = of(fixture(file));

    it('finds values by their exact place', async () => {
      const { facts } = await parsed(text, path);
      expect(facts.slots.length).toBeGreaterThan(2);
      assertInside(facts, text);
      const isRaw = ({ span, value }: Slot): boolean =>
        !/[\\&"]/.test(text.slice(span.start, span.end)) && value !== '';
      const raw = facts.slots.filter(isRaw);
      expect(raw.length).toBeGreaterThan(2);
      for (const { span, value } of raw) expect(text.slice(span.start, span.end)).toBe(value);
    });

    it('finds the same facts whatever the line breaks', async () => {
      const [{ facts }, plain] = [await parsed(text, path), await parsed(fixture(file), path)];
      expect(shown(facts)).toEqual(shown(plain.facts));
      expect(uses(facts)).toEqual(uses(plain.facts));
    });

    it('refuses every edit', async () => {
      const document = await parsed(text, path);
      expect(document.readOnly).toBe(true);
      for (const slot of document.facts.slots) {
        expect(attempt(() => document.setValue(slot, 'x', 'a test'))).toBe('unsupported');
        expect(attempt(() => document.removeEntry(slot, 'a test'))).toBe('unsupported');
        expect(attempt(() => document.insertEntry(slot, 'X', 'x', 'a test'))).toBe('unsupported');
      }
    });
  });

  it('never throws but for what is malformed, and every place lies in the text', async () => {
    const whole = fixture(file);
    const junk = fc.constantFrom(
      '"',
      "'",
      '<',
      '>',
      '{',
      '}',
      '[',
      '=',
      '\\',
      '\n',
      '${',
      '<<EOT\n',
      ',',
      'é',
      '😀',
      '%41',
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.array(junk, { maxLength: 4 }), async (from, to, parts) => {
        const text = `${whole.slice(0, from % whole.length)}${parts.join('')}${whole.slice(to % whole.length)}`;
        const document = await parseFile(text, path).catch((error: unknown) => {
          expect((error as { readonly code?: string }).code).toBe('malformed');
        });
        if (document !== undefined) assertInside(document.facts, text);
      }),
      { numRuns: 150 },
    );
  });

  it('takes bounded time on hostile text', async () => {
    for (const part of [
      '<a b="',
      '[',
      '{',
      '"',
      'a="b',
      'a = ',
      '\\',
      '${',
      'a: (',
      '<!--',
      ',',
      'a.',
      ' ',
    ]) {
      const before = performance.now();
      await parseFile(part.repeat(60_000 / part.length), path).catch(() => undefined);
      expect(performance.now() - before, part).toBeLessThan(4000);
    }
  });
});

async function factsOf(file: string): Promise<FileFacts> {
  const { path = '' } = readers.find((one) => one.file === file) ?? {};
  return (await parsed(fixture(file), path)).facts;
}

describe('facts', () => {
  it('of XML', async () => {
    const facts = await factsOf('settings.xml');
    expect(shown(facts).filter((line) => !line.includes('@'))).toEqual([
      'settings.servers.server.id | id | acme-releases',
      'settings.servers.server.username | username | deployer',
      'settings.servers.server.password | password | ${env.RELEASES_PASSWORD}',
      'settings.resources.string | map_title | Acme map',
      'settings.property.name | name | store.kind',
      'settings.property.value | value | disk',
      'settings.property.store.kind | store.kind | disk',
      'settings.note | note | 1 < 2',
    ]);
    expect(shown(facts)).toContain('settings.appSettings.add@value | Greeting | fish & chips A');
    expect(facts.slots.find(({ name }) => name === 'Pwd')?.value).toBe('plain-words');
    expect(uses(facts)).toEqual(['RELEASES_PASSWORD settings.servers.server.password password -']);
  });

  it('of INI', async () => {
    const facts = await factsOf('directory.ini');
    expect(shown(facts)).toEqual([
      'top | top | level',
      'default.aws_region | aws_region | eu-central-1',
      'default.output | output | json',
      'default["registry.url"] | registry.url | https://npm.acme.example',
      'default["//npm.acme.example/:_authToken"] | _authToken | ${NPM_TOKEN}',
      'default.greeting | greeting | hello world',
      'remote.origin.url | url | https://git.acme.example/team/app.git',
    ]);
    expect(facts.uses.map(({ name }) => name)).toEqual(['NPM_TOKEN']);
  });

  it('of a netrc', async () => {
    expect(shown(await factsOf('home.netrc'))).toEqual([
      '["git.acme.example"].login | login | ada',
      '["git.acme.example"].password | password | plain-words',
      '["npm.acme.example"].login | login | bob',
      '["npm.acme.example"].password | password | quoted words',
      'default.login | login | anonymous',
      'default.password | password | guest',
    ]);
  });

  it('of TOML', async () => {
    const facts = await factsOf('codex.toml');
    expect(shown(facts)).toEqual([
      'model | model | large',
      'mcp_servers.directory.command | command | npx',
      'mcp_servers.directory.args[0] | args | -y',
      'mcp_servers.directory.args[1] | -y | directory-mcp',
      'mcp_servers.directory.args[2] | args | --stage',
      'mcp_servers.directory.args[3] | --stage | prod',
      'mcp_servers.directory.args[4] | --region | eu',
      'mcp_servers.directory.env.REGION | REGION | eu',
      'mcp_servers.directory.env.STAGE | STAGE | prod',
      'mcp_servers.directory.bearer_token_env_var | bearer_token_env_var | DIRECTORY_TOKEN',
      'mcp_servers.directory.http_headers.X-Team | X-Team | payroll',
      'tool.index[0].url | url | https://pypi.acme.example/simple',
    ]);
    expect(facts.commands.map(({ argv }) => argv[0])).toEqual(['npx']);
    expect(facts.uses.map(({ name }) => name)).toEqual(['DIRECTORY_TOKEN']);
  });

  it('of HCL', async () => {
    const facts = await factsOf('main.tf');
    expect(shown(facts).map((line) => line.replaceAll('\n', '/'))).toEqual([
      'provider.okta.org_name | org_name | acme',
      'variable.region.default | region | eu',
      'resource.aws_ecs_task_definition.web.environment[0].name | name | STAGE',
      'resource.aws_ecs_task_definition.web.environment[0].value | STAGE | prod',
      'resource.aws_ecs_task_definition.web.tags["acme.io/team"] | acme.io/team | payroll',
      'resource.aws_ecs_task_definition.web.tags.plain | plain | a "quoted" word',
      'resource.aws_ecs_task_definition.web.script | script |     echo hello',
      'resource.aws_ecs_task_definition.web.url | url | https://${var.host}/api',
    ]);
    expect(facts.uses.map(({ name, as }) => `${name} ${as ?? ''}`)).toEqual([
      'TF_VAR_okta_api_token api_token',
      'TF_VAR_host url',
    ]);
  });

  it('of CSV', async () => {
    expect(shown(await factsOf('people.csv')).filter((line) => line.includes('note'))).toEqual([
      '[1].note | note | said "hello", twice',
      '[2].note | note | ',
      '[3].note | note | two\nlines',
    ]);
  });

  it('of a notebook', async () => {
    const facts = await factsOf('report.ipynb');
    expect(shown(facts)).toEqual([
      'cells[1].source.STAGE | STAGE | production',
      'cells[1].source.region | region | eu-central-1',
      'cells[1].outputs[0].printed | printed | some words',
      'cells[1].outputs[0].STAGE | STAGE | production',
    ]);
    expect(facts.uses.map(({ name, slot }) => `${name} ${slot ?? ''}`)).toEqual([
      'REPORT_TOKEN cells[1].source',
    ]);
  });

  it('of Java', async () => {
    const facts = await factsOf('Client.java');
    expect(shown(facts)).toEqual([
      'REGION | REGION | eu-central-1',
      'X-Team | X-Team | payroll',
      'request.setStage | setStage | production',
      'request.setGreeting | setGreeting | say "hello"',
    ]);
    expect(uses(facts)).toEqual(['DIRECTORY_TOKEN - - token']);
  });

  it.each([
    ['a.rb', 'token = ENV[\'A_TOKEN\']\nother = ENV.fetch("B_TOKEN")\n', ['A_TOKEN', 'B_TOKEN']],
    [
      'a.php',
      "<?php $a = getenv('A_TOKEN'); $b = $_ENV['B_TOKEN']; $c = env('C_TOKEN');",
      ['A_TOKEN', 'B_TOKEN', 'C_TOKEN'],
    ],
    ['a.cs', 'var a = Environment.GetEnvironmentVariable("A_TOKEN");', ['A_TOKEN']],
    ['a.rs', 'let a = env::var("A_TOKEN")?; let b = std::env!("B_TOKEN");', ['A_TOKEN', 'B_TOKEN']],
    ['a.ps1', '$a = $env:A_TOKEN; $b = "${env:B_TOKEN}"', ['A_TOKEN', 'B_TOKEN']],
    ['a.kt', 'val a = System.getenv("A_TOKEN") ?: error("none")', ['A_TOKEN']],
    ['a.properties', 'a=${A_TOKEN}\nb=%B_TOKEN%\n', ['A_TOKEN', 'B_TOKEN']],
  ])('reads of the environment in %s', async (path, text, names) => {
    expect((await parsed(text, path)).facts.uses.map(({ name }) => name)).toEqual(names);
  });
});
