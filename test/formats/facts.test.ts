import { describe, expect, it } from 'vitest';
import { formatFor } from '../../src/formats/index.ts';
import type { FileFacts } from '../../src/model/facts.ts';
import { fixture, parsed } from './kit.ts';

async function factsOf(file: string, path: string): Promise<FileFacts> {
  return (await parsed(fixture(file), path)).facts;
}

function uses(facts: FileFacts): readonly string[] {
  return facts.uses.map(({ name, store, slot, as, binding }) =>
    [store, name, slot ?? '-', as ?? '-', binding ?? '-'].join(' '),
  );
}

function slot(facts: FileFacts, path: string): readonly [string | null, string] | undefined {
  const found = facts.slots.find((one) => one.path === path);
  return found && [found.name, found.value];
}

function commands(facts: FileFacts): readonly string[] {
  return facts.commands.map(({ argv, slot: at }) => `${at ?? '-'}: ${argv.join(' | ')}`);
}

describe('env', () => {
  it('decodes quotes, escapes, comments and several lines', async () => {
    const facts = await factsOf('payroll.env', '.env');
    expect(slot(facts, 'DATABASE_USER')?.[1]).toBe('payroll');
    expect(slot(facts, 'GREETING')?.[1]).toBe('hello "you", # not a comment');
    expect(slot(facts, 'REGION')?.[1]).toBe('eu-central-1');
    expect(slot(facts, 'EMPTY')?.[1]).toBe('');
    expect(slot(facts, 'PEM')?.[1].split('\n')).toHaveLength(3);
    expect(uses(facts)).toEqual(['env DATABASE_HOST URL URL -', 'env DATABASE_USER URL URL -']);
  });
});

describe('crontab', () => {
  it('reads variables and commands', async () => {
    const facts = await factsOf('nightly.crontab', 'ops/crontab');
    expect(slot(facts, 'MAILTO')?.[1]).toBe('ops@acme.example');
    expect(commands(facts)).toEqual([
      'jobs[0].command: /srv/batch/export.sh | --region | $REGION',
      'jobs[0].command: logger',
      'jobs[1].command: /srv/batch/report.py | --date | $(date +\\%F)',
      'jobs[1].command: date | +%F',
    ]);
    expect(facts.commands[2]?.env).toEqual(['REGION=us']);
  });

  it('knows the user of a system table and what follows a percent sign', async () => {
    const { facts } = await parsed('0 1 * * * root /opt/a.sh -x%input\n', 'etc/cron.d/a');
    expect(commands(facts)).toEqual(['jobs[0].command: /opt/a.sh | -x']);
  });
});

describe('workflow', () => {
  it('reads secrets by name, with the key that hands them on', async () => {
    const facts = await factsOf('workflow.yml', '.github/workflows/nightly.yml');
    expect(uses(facts)).toEqual([
      'github-secret SYNC_TOKEN jobs.sync.env.TOKEN TOKEN -',
      'github-secret CHECKOUT_TOKEN jobs.sync.steps[0].with.token token -',
      'github-secret SYNC_TOKEN jobs.sync.steps[1].if - -',
      'env TOKEN jobs.sync.steps[1].run - -',
      'env ORG_URL jobs.sync.steps[1].run - -',
      'github-secret SYNC_TOKEN jobs.sync.steps[1].env.TOKEN TOKEN -',
      'env MODE jobs.sync.steps[2].run - -',
    ]);
    expect(commands(facts)).toEqual([
      'jobs.sync.steps[1].run: curl | -H | Authorization: Bearer $TOKEN | $ORG_URL/api/v1/groups',
      'jobs.sync.steps[2].run: node | tools/sync.mjs | --mode | $MODE',
      'jobs.sync.steps[3].run: echo | done',
      'jobs.sync.steps[3].run: node | tools/report.mjs',
    ]);
  });

  it('marks the whole expression, or the reference where there are several', async () => {
    const text =
      'jobs:\n  a:\n    env:\n      A: x-${{ secrets.ONE }}\n      B: ${{ secrets.TWO || secrets.THREE }}\n';
    const { facts } = await parsed(text, '.github/workflows/a.yml');
    expect(facts.uses.map(({ span }) => text.slice(span.start, span.end))).toEqual([
      '${{ secrets.ONE }}',
      'secrets.TWO',
      'secrets.THREE',
    ]);
  });
});

describe('compose', () => {
  it('reads variables, what is handed on, secrets and files', async () => {
    const facts = await factsOf('compose.yaml', 'compose.yaml');
    expect(uses(facts)).toEqual([
      'env ORG_URL services.web.environment.ORG_URL ORG_URL -',
      'env API_TOKEN services.web.environment.API_TOKEN API_TOKEN -',
      'env PORT services.web.command - -',
      'env API_TOKEN services.worker.environment[1] API_TOKEN -',
      'env REGION services.worker.environment[2] REGION -',
      'compose-secret signing_key services.worker.secrets[0] - -',
    ]);
    expect(facts.imports.map(({ module }) => module)).toEqual(['.env', '.env.web']);
    expect(commands(facts)).toEqual([
      'services.web.command: node | dist/main.js | --port | ${PORT}',
      'services.worker.command: node | worker.js | --queue | mail',
    ]);
  });
});

describe('kubernetes', () => {
  it('reads references to secrets, and names a value as its variable', async () => {
    const facts = await factsOf('deployment.yaml', 'deploy/directory.yaml');
    const container = '[0].spec.template.spec.containers[0]';
    expect(uses(facts)).toEqual([
      `env API_TOKEN ${container}.args[0] - -`,
      `k8s-secret directory/api-token ${container}.env[0].valueFrom.secretKeyRef.key API_TOKEN -`,
      `k8s-secret directory-extra ${container}.envFrom[0].secretRef.name - -`,
    ]);
    expect(slot(facts, `${container}.env[1].value`)).toEqual(['LOG_LEVEL', 'debug']);
    expect(slot(facts, '[1].data.greeting')).toEqual(['greeting', 'hello']);
  });

  it('reads a template of Helm with its braces covered', async () => {
    const text = 'a: {{ .Values.a }}\n{{- if .Values.b }}\nb: {{ quote .Values.b }}\n{{- end }}\nc: plain\n';
    const { facts } = await parsed(text, 'templates/a.yaml');
    expect(slot(facts, 'c')).toEqual(['c', 'plain']);
  });
});

describe('json', () => {
  it('reads an MCP client: command with arguments, variables, headers', async () => {
    const facts = await factsOf('clients.jsonc', '.vscode/mcp.jsonc');
    expect(commands(facts)).toEqual([
      'mcpServers.directory.command: node | tools/directory.mjs | --stage | prod | -e | REGION=eu',
    ]);
    expect(uses(facts)).toEqual([
      'env API_TOKEN mcpServers.directory.env.API_TOKEN API_TOKEN -',
      'env STAGE mcpServers.remote.url url -',
      'env API_TOKEN mcpServers.remote.headers.Authorization Authorization -',
    ]);
    expect(slot(facts, 'mcpServers.directory.args[2]')).toEqual(['--stage', 'prod']);
    expect(slot(facts, 'mcpServers.directory.args[4]')).toEqual(['REGION', 'eu']);
  });

  it('reads the scripts of a manifest as shell', async () => {
    const facts = await factsOf('package.json', 'package.json');
    expect(commands(facts)).toEqual([
      'scripts.start: node | dist/main.js',
      'scripts.sync: node | tools/sync.mjs | --token | $SYNC_TOKEN',
      'scripts.sync: npm | run | report',
    ]);
    expect(uses(facts)).toEqual(['env SYNC_TOKEN scripts.sync - -']);
  });
});

describe('javascript', () => {
  it('reads the environment, calls with their texts, and servers', async () => {
    const facts = await factsOf('service.ts', 'src/service.ts');
    expect(uses(facts)).toEqual([
      'env LOG_LEVEL - - LOG_LEVEL',
      'env ORG_URL - - orgUrl',
      'env OKTA_API_TOKEN - - token',
      'env DIRECTORY_TOKEN - - -',
    ]);
    const fetched = facts.calls.find(({ callee }) => callee === 'fetch');
    expect(fetched?.args.map(({ name, text }) => [name, text])).toEqual([
      [null, '{}/api/v1/users/{}'],
      ['headers.Authorization', 'Bearer {}'],
    ]);
    expect(facts.calls.map(({ callee }) => callee)).toEqual(
      expect.arrayContaining(['new okta.Client', 'client.userApi.listUsers', 'createServer']),
    );
    expect(facts.imports.map(({ module, names }) => [module, names])).toEqual([
      ['node:http', ['createServer']],
      ['@okta/okta-sdk-nodejs', ['okta', 'Directory']],
    ]);
    expect(facts.listens).toHaveLength(1);
    expect(slot(facts, 'settings.nested.region')).toEqual(['region', 'eu']);
    expect(slot(facts, 'LOG_LEVEL')).toEqual(['LOG_LEVEL', 'info']);
  });

  it('names a default of the environment as the variable', async () => {
    const { facts } = await parsed("const key = process.env.API_KEY ?? 'fallback';\n", 'a.js');
    expect(slot(facts, 'API_KEY')).toEqual(['API_KEY', 'fallback']);
  });

  it('follows names in their own functions', async () => {
    const text = [
      "function a() { const url = BASE + '/a'; return fetch(url); }",
      "function b() { const url = `${BASE}/b`; return fetch(url, { method: 'POST' }); }",
    ].join('\n');
    const { facts } = await parsed(text, 'a.js');
    expect(facts.calls.map(({ args }) => args.map((arg) => arg.text))).toEqual([['{}/a'], ['{}/b', 'POST']]);
  });
});

describe('python and go', () => {
  it('reads the same of the same program', async () => {
    const python = await factsOf('service.py', 'src/service.py');
    const go = await factsOf('service.go', 'src/service.go');
    for (const facts of [python, go]) {
      expect(facts.uses.map(({ name }) => name)).toEqual(['ORG_URL', 'OKTA_API_TOKEN']);
      expect(facts.listens.length).toBeGreaterThan(0);
      const texts = facts.calls.flatMap(({ args }) => args.map((arg) => arg.text ?? ''));
      expect(texts.some((text) => text.startsWith('{}/api/v1/users'))).toBe(true);
      expect(texts).toContain('SSWS {}');
    }
  });
});

describe('shell', () => {
  it('reads variables that come from outside, commands, files that it sources', async () => {
    const facts = await factsOf('report.sh', 'scripts/report.sh');
    expect([...new Set(facts.uses.map(({ name }) => name))]).toEqual([
      'MODE',
      'API_TOKEN',
      'ORG_URL',
      'REGION',
    ]);
    expect(facts.imports.map(({ module }) => module)).toEqual(['./.env']);
    expect(facts.commands.map(({ argv }) => argv.join(' '))).toEqual([
      'set -eu',
      '. ./.env',
      ': ${API_TOKEN:?set it}',
      './list.sh --user $user --format=json',
      'curl -sf -H Authorization: SSWS $API_TOKEN $ORG_URL/api/v1/users?limit=5',
      'jq .',
      'cat',
    ]);
  });
});

describe('dockerfile', () => {
  it('reads variables, arguments, secrets of the build and commands', async () => {
    const facts = await factsOf('Dockerfile', 'Dockerfile');
    expect(uses(facts)).toEqual([
      'env NPM_REGISTRY NPM_REGISTRY NPM_REGISTRY -',
      'env NPM_REGISTRY ORG_URL ORG_URL -',
      'compose-secret npm_token RUN - -',
      'env STAGE RUN - -',
      'env PORT CMD - -',
    ]);
    expect(commands(facts)).toEqual([
      'RUN: npm | ci',
      'RUN: npm | run | build | -- | --stage | $STAGE',
      'ENTRYPOINT: node | dist/main.js',
      'CMD: --port | ${PORT:-8080}',
    ]);
  });
});

describe('formatFor', () => {
  it.each([
    ['.env.production', '', 'env'],
    ['ops/crontab', '', 'crontab'],
    ['Dockerfile.dev', '', 'dockerfile'],
    ['.github/workflows/a.yaml', '', 'yaml'],
    ['.mcp.json', '', 'json'],
    ['src/a.mts', '', 'javascript'],
    ['bin/tool', '#!/usr/bin/env node\n', 'javascript'],
    ['bin/tool', '#!/usr/bin/env python3\n', 'python'],
    ['bin/tool', '#!/bin/sh -eu\n', 'shell'],
    ['a.go', '', 'go'],
    ['README.md', '', undefined],
  ])('%s %j is %s', (path, head, id) => {
    expect(formatFor(path, head)?.id).toBe(id);
  });
});
