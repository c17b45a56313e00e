import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRules } from '../../src/lib/rules.ts';
import type { Rule } from '../../src/model/rule.ts';
import { makeTree, run, type Ran, type ScanJson } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';
import { startProviders, type Asked, type Providers } from './double.ts';

const rules = await readRules();
const asking = rules.filter(({ live }) => live !== undefined);

/** One sample of a rule that has its exact format, as a line of a file of variables. */
function lineOf(rule: Rule | undefined): string {
  const samples = rule?.samples.match ?? [];
  const sample = samples.find((one) => /^[A-Z_]{4,60}=\S+$/.test(one)) ?? samples[0] ?? '';
  return fillIn(sample);
}

/** Scans a folder with the providers of a double in place of the network. */
async function scanLive(
  files: Readonly<Record<string, string>>,
  providers: Providers,
  ...args: readonly string[]
): Promise<ScanJson & Ran> {
  const real = globalThis.fetch;
  globalThis.fetch = providers.fetch;
  onTestFinished(() => {
    globalThis.fetch = real;
  });
  const ran = await run(['scan', '--live', '--format', 'json', ...args], {
    cwd: makeTree(files),
  });
  globalThis.fetch = real;
  return { ...(JSON.parse(ran.out) as ScanJson), ...ran };
}

const oktaHost = ['--live-host', 'okta=acme.okta.com'];
const works = ({ path }: Asked): readonly [number, unknown] => [200, { path, ok: true }];

describe('scan --live', () => {
  it('asks nobody unless it is told to', async () => {
    const providers = await startProviders(works);
    const real = globalThis.fetch;
    globalThis.fetch = providers.fetch;
    const cwd = makeTree({ '.env': `GITHUB_TOKEN=${fillIn('ghp_{alnum:30}{crc62}')}\n` });
    const ran = await run(['scan', '--format', 'json'], { cwd });
    globalThis.fetch = real;
    expect((JSON.parse(ran.out) as ScanJson).findings.map(({ live }) => live)).toEqual([null]);
    expect(providers.asked).toEqual([]);
  });

  it('tells what works, with the proof, and sends each value once to its own provider', async () => {
    const token = fillIn('ghp_{alnum:30}{crc62}');
    const providers = await startProviders(works);
    const files = { '.env': `GITHUB_TOKEN=${token}\n`, 'b.env': `GH_TOKEN=${token}\nNAME=value\n` };
    const report = await scanLive(files, providers);
    expect(providers.asked.map(({ host, method, path }) => `${method} ${host}${path}`)).toEqual([
      'GET api.github.com/rate_limit',
    ]);
    expect(providers.asked[0]?.headers.authorization).toBe(`Bearer ${token}`);
    const proof = {
      at: '2026-11-25T00:00:00Z',
      host: 'api.github.com',
      request: 'GET /rate_limit',
      status: 200,
    };
    expect(report.findings.map(({ live, proof: one }) => [live, one])).toEqual([
      ['active', proof],
      ['active', proof],
    ]);
    expect(report.findings[0]?.reasons).toContain('works: api.github.com answered 200');
    expect(report.out + report.err).not.toContain(token.slice(4, 14));
  });

  it('calls nothing dead because one of several hosts does not know it', async () => {
    const providers = await startProviders(() => [401, { message: 'Bad credentials' }]);
    const files = { '.env': `GITHUB_TOKEN=${fillIn('ghp_{alnum:30}{crc62}')}\n` };
    expect((await scanLive(files, providers)).findings.map(({ live }) => live)).toEqual(['unknown']);
    const named = await scanLive(files, providers, '--live-host', 'github=git.acme.example/api/v3');
    expect(named.findings.map(({ live }) => live)).toEqual(['revoked']);
    expect(providers.asked.map(({ host, path }) => `${host}${path}`)).toEqual([
      'api.github.com/rate_limit',
      'git.acme.example/api/v3/rate_limit',
    ]);
  });

  it('asks Okta only at the host that the person names, never at one from the file', async () => {
    const token = fillIn('00{alnum:40}');
    const providers = await startProviders(({ headers }) =>
      headers.authorization === `SSWS ${token}` ? [200, { id: '00u1' }] : [401, { errorCode: 'E0000011' }],
    );
    const files = {
      '.env': `OKTA_ORG_URL=https://evil.okta.com\nOKTA_API_TOKEN=${token}\n`,
      'old.env': `OKTA_API_TOKEN=${fillIn('00{alnum:40}')}\n`,
    };
    const unnamed = await scanLive(files, providers);
    expect(providers.asked).toEqual([]);
    expect(unnamed.findings[0]?.live).toBe('unknown');
    expect(unnamed.findings[0]?.reasons.join()).toContain('--live-host okta=HOST');
    const { findings } = await scanLive(files, providers, ...oktaHost);
    expect(findings.map(({ location, live }) => `${location.path} ${live}`)).toEqual([
      '.env active',
      'old.env revoked',
    ]);
    expect(new Set(providers.asked.map(({ host, path }) => `${host}${path}`))).toEqual(
      new Set(['acme.okta.com/api/v1/users/me']),
    );
  });

  it('reads what an answer says where the status does not tell', async () => {
    const said = ['invalid_auth', 'ratelimited', undefined];
    const providers = await startProviders(() => {
      const error = said.shift();
      return [200, error === undefined ? { ok: true } : { ok: false, error }];
    });
    const line = lineOf(asking.find(({ id }) => id === 'slack-token'));
    const tell = async (): Promise<unknown> =>
      (await scanLive({ '.env': `${line}\n` }, providers)).findings[0]?.live;
    expect([await tell(), await tell(), await tell()]).toEqual(['revoked', 'unknown', 'active']);
    expect(providers.asked[0]?.method).toBe('POST');
  });

  it('follows no address, and asks no more of a host that has had enough', async () => {
    const replies = [302, 429];
    const providers = await startProviders(() => [replies.shift() ?? 200, {}]);
    const tokens = Array.from({ length: 3 }, () => `GITHUB_TOKEN=${fillIn('ghp_{alnum:30}{crc62}')}\n`);
    const files = Object.fromEntries(tokens.map((line, n) => [`${n}.env`, line]));
    const { findings } = await scanLive(files, providers);
    expect(findings.map(({ live, proof }) => `${live} ${proof?.status}`)).toEqual([
      'unknown 302',
      'unknown 429',
      'unknown undefined',
    ]);
    expect(providers.asked).toHaveLength(2);
  });

  it('sends nothing that is only low or medium, or that somebody accepted', async () => {
    const providers = await startProviders(works);
    const files = {
      'a.env': `SHOP_PASSWORD=${fillIn('{alnum:24}')}\n`,
      'b.env': `# agent-id:ignore github-token a sandbox\nGITHUB_TOKEN=${fillIn('ghp_{alnum:30}{crc62}')}\n`,
      'c.env': `GITHUB_TOKEN=${fillIn('ghp_{alnum:36}')}\n`,
    };
    const { findings } = await scanLive(files, providers, '--min-confidence', 'low');
    expect(findings.length).toBeGreaterThan(1);
    expect(findings.every(({ live }) => live === null)).toBe(true);
    expect(providers.asked).toEqual([]);
  });

  it('finds in history what still works', async () => {
    const { git } = await import('../commands/scan-kit.ts');
    const root = makeTree({ '.env': `GITHUB_TOKEN=${fillIn('ghp_{alnum:30}{crc62}')}\n` });
    git(root, 'init', '-q');
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'one');
    git(root, 'rm', '-q', '.env');
    git(root, 'commit', '-q', '--allow-empty', '-m', 'two');
    const providers = await startProviders(works);
    const real = globalThis.fetch;
    globalThis.fetch = providers.fetch;
    const ran = await run(['scan', '--history', '--live', '--format', 'json'], { cwd: root });
    globalThis.fetch = real;
    expect((JSON.parse(ran.out) as ScanJson).findings.map(({ live }) => live)).toEqual(['active']);
  });

  it('refuses a host for a provider that has its own, a host that is none, and a host without --live', async () => {
    const cwd = makeTree({});
    for (const args of [
      ['--live', '--live-host', 'stripe=evil.example'],
      ['--live', '--live-host', 'okta=https://acme.okta.com'],
      ['--live', '--live-host', 'okta=user@evil.example'],
      ['--live', '--live-host', 'okta'],
      ['--live-host', 'okta=acme.okta.com'],
    ])
      expect((await run(['scan', ...args], { cwd })).code).toBe(2);
  });
});

describe('the checks of the rules', () => {
  it('are of a fixed host, and hold the secret in a header only', () => {
    expect(asking.length).toBeGreaterThanOrEqual(12);
    for (const { id, live } of asking) {
      const headers = Object.values(live?.headers ?? {}).filter((value) => value.includes('{secret}'));
      expect([id, headers.length, live?.url.includes('{secret}')]).toEqual([id, 1, false]);
    }
  });

  it.each(asking.map((rule) => [rule.id, rule] as const))(
    '%s reaches its provider, and no other',
    async (_, rule) => {
      const providers = await startProviders(works);
      const report = await scanLive(
        { '.env': `${lineOf(rule)}\n` },
        providers,
        '--rule',
        rule.id,
        ...oktaHost,
      );
      expect(report.findings.map(({ rule: id, live }) => `${id} ${live}`)).toContain(`${rule.id} active`);
      expect(new Set(providers.asked.map(({ host }) => host)).size).toBe(1);
      const schema = JSON.parse(
        readFileSync(join(import.meta.dirname, '../../schemas/report.schema.json'), 'utf8'),
      ) as object;
      const ajv = new Ajv({ strict: false });
      addFormats.default(ajv);
      const isValid = ajv.compile(schema);
      isValid(JSON.parse(report.out));
      expect(isValid.errors).toBeNull();
    },
  );
});
