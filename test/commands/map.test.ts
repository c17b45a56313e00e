import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli.ts';
import type { Io } from '../../src/lib/io.ts';
import type { SecretMap } from '../../src/model/consumer.ts';
import { mapFormats } from '../../src/output/map-formats.ts';
import { fillIn } from '../detect/samples.ts';
import { token } from '../inventory/estate.ts';

const files: Readonly<Record<string, string>> = {
  '.env': `OKTA_API_TOKEN=${token}\n`,
  CODEOWNERS: '/services/ @acme/identity\n',
  'compose.yaml':
    'services:\n  portal:\n    build: ./services/portal\n    environment:\n      OKTA_API_TOKEN: ${OKTA_API_TOKEN}\n',
  'services/portal/package.json': '{"name":"portal"}\n',
  'services/portal/main.ts':
    "import http from 'node:http';\nimport okta from '@okta/okta-sdk-nodejs';\nconst client = new okta.Client({ orgUrl: process.env.URL, token: process.env.OKTA_API_TOKEN });\nhttp.createServer(async () => client.userApi.unlockUser({ userId: '1' })).listen(80);\n",
  'scripts/groups.sh':
    '#!/bin/sh\ncurl -s -H "Authorization: SSWS $OKTA_API_TOKEN" "$OKTA_ORG_URL/api/v1/groups"\ncurl -s -X POST -H "Authorization: SSWS $OKTA_API_TOKEN" "$OKTA_ORG_URL/api/v1/$1"\n',
};

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('agent-id map', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-id-map-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const git = (...args: string[]): void => {
      execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
    };
    git('init', '-q');
    git('add', '-A');
    git('-c', 'user.name=Robin Doe', '-c', 'user.email=robin@acme.example', 'commit', '-q', '-m', 'all');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(...args: string[]): Promise<Run> {
    let out = '';
    let err = '';
    const io: Io = {
      stdout: (text) => (out += text),
      stderr: (text) => (err += text),
      cwd: folder,
      env: { HOME: folder, AGENT_ID_HOME: join(folder, '.state') },
      interactive: false,
      color: false,
      clock: () => 0,
      stdin: () => Promise.resolve(''),
      exitCode: 0,
    };
    await runCli(['map', ...args], io);
    return { code: io.exitCode, out, err };
  }

  it('prints a tree for each secret, with owners, scopes and what is unknown', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toMatch(/^OKTA_API_TOKEN {2}secret:[0-9a-f]{6} {2}okta-api-token\n/);
    expect(out).toContain('├─ stored in 1\n│  └─ .env:1  OKTA_API_TOKEN\n');
    expect(out).toContain('owner @acme/identity (CODEOWNERS:1)');
    expect(out).toMatch(/owner robin@acme\.example|owner Robin Doe/);
    expect(out).toContain('services/portal/main.ts:4  client.userApi.unlockUser');
    expect(out).toMatch(/unknown scripts\/groups\.sh:3/);
    expect(out).toMatch(/its value is committed to git/);
    expect(out).toMatch(/Next: agent-id plan --secret OKTA_API_TOKEN/);
    expect(out).not.toContain(token.slice(2, 14));
  });

  it('gives JSON that its schema accepts', async () => {
    const { code, out } = await run('--format', 'json', '--impact');
    expect(code).toBe(1);
    const schema = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../schemas/map.schema.json'), 'utf8'),
    ) as object;
    const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
    const data = JSON.parse(out) as SecretMap & { impact: { clean: boolean } };
    expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
    expect(data.secrets[0]?.consumers.map((one) => one.id)).toEqual([
      'code:services/portal',
      'script:scripts/groups.sh',
    ]);
    expect(data.impact.clean).toBe(false);
    expect(validate({ ...data, secrets: [{}] })).toBe(false);
    expect(out).not.toContain(token.slice(2, 14));
  });

  it('says what breaks and exits with 1', async () => {
    const { code, out } = await run('--impact');
    expect(code).toBe(1);
    expect(out).toMatch(/breaks {3}portal/);
    expect(out).toMatch(/Do not revoke yet/);
  });

  it('finds one secret by name or id, and says which there are', async () => {
    const { out } = await run('--secret', 'OKTA_API_TOKEN');
    const id = /secret:[0-9a-f]{6}/.exec(out)?.[0] ?? '';
    expect((await run('--secret', id)).out).toBe(out);
    const wrong = await run('--secret', 'NO_SUCH');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toMatch(/error\[unknown-name\][\s\S]*OKTA_API_TOKEN/);
  });

  it('draws for Mermaid and Graphviz', async () => {
    expect((await run('--format', 'mermaid')).out).toMatch(/^graph LR\n {2}n0\["\.env:1"\]/);
    expect((await run('--format', 'dot')).out).toMatch(/^digraph secrets \{/);
  });

  it('writes several formats in one run, the page among them', async () => {
    const { code, out } = await run('--output', 'html=map.html', '--output', 'json=map.json');
    expect([code, out.split('\n')[0]]).toEqual([0, expect.stringContaining('OKTA_API_TOKEN')]);
    const page = readFileSync(join(folder, 'map.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>[^]*Content-Security-Policy[^]*okta\.users\.manage/);
    expect(page).not.toContain(token.slice(2, 14));
    expect((JSON.parse(readFileSync(join(folder, 'map.json'), 'utf8')) as SecretMap).secrets).toHaveLength(1);
    rmSync(join(folder, 'map.html'));
    rmSync(join(folder, 'map.json'));
    expect((await run('--output', 'htm=map.html')).err).toContain('Did you mean html?');
  });

  it('shows a path that holds a secret without it', async () => {
    const other = mkdtempSync(join(tmpdir(), 'agent-id-named-'));
    const named = fillIn('ghp_{alnum:36}');
    try {
      mkdirSync(join(other, named));
      writeFileSync(join(other, named, 'main.py'), 'import os\nkey = os.environ["OKTA_API_TOKEN"]\n');
      for (const format of mapFormats) {
        const { out } = await run(other, '--format', format);
        expect(out).toContain('OKTA_API_TOKEN');
        expect(out).not.toContain(named.slice(2, 14));
      }
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('looks only at the paths that are named', async () => {
    const { out } = await run('services', 'compose.yaml', '--format', 'json');
    const data = JSON.parse(out) as SecretMap;
    expect(data.secrets[0]?.consumers.map((one) => one.name)).toEqual(['portal']);
    expect((await run('services', 'elsewhere')).err).toMatch(/error\[unreadable\]/);
    expect(await run('no-such-folder')).toMatchObject({ code: 2, out: '' });
  });

  it('keeps a consumer that a comment silenced, and drops a value that stands nowhere else', async () => {
    const other = mkdtempSync(join(tmpdir(), 'agent-id-silenced-'));
    try {
      writeFileSync(
        join(other, 'main.py'),
        'import os\nkey = os.environ["OKTA_API_TOKEN"]  # agent-id:ignore okta-api-token known\n',
      );
      writeFileSync(
        join(other, '.env'),
        `# agent-id:ignore okta-api-token made up\nOTHER_OKTA_TOKEN=${token}\n`,
      );
      const { out } = await run(other, '--format', 'json');
      const data = JSON.parse(out) as SecretMap;
      expect(data.secrets.flatMap((one) => one.names)).toEqual(['OKTA_API_TOKEN']);
      expect((await run(other, '--impact')).code).toBe(1);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('shows unexplained places with --impact, and calls nothing clean beside them', async () => {
    const other = mkdtempSync(join(tmpdir(), 'agent-id-unclear-'));
    writeFileSync(
      join(other, 'typed.py'),
      'import requests\ntoken = input()\nrequests.get("https://x.okta.com/api/v1/users", headers={"Authorization": f"SSWS {token}"})\n',
    );
    try {
      const { code, out } = await run(other, '--impact');
      expect(out).toContain('unclear  typed.py:3: an Okta token is sent here');
      expect(out).toContain('Do not revoke yet');
      expect(code).toBe(1);
      const json = JSON.parse((await run(other, '--impact', '--format', 'json')).out) as {
        impact: { clean: boolean; unresolved: number };
      };
      expect(json.impact).toMatchObject({ clean: false, unresolved: 1 });
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('maps nothing where there is nothing', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'agent-id-none-'));
    try {
      expect(await run(empty)).toMatchObject({ code: 0, out: 'No long-lived secret was found.\n' });
      expect(await run(empty, '--impact')).toMatchObject({ code: 0 });
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});
