import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTree, oktaToken, run } from '../commands/scan-kit.ts';
import { literals, scanGithub, startGithub, workflow } from './kit.ts';

describe('scan --github', () => {
  it('finds values in the repositories of an organisation, and leaves archived ones out aloud', async () => {
    const token = oktaToken();
    const env = `OKTA_API_TOKEN=${token}\n`;
    const place = await startGithub({
      acme: {
        type: 'Organization',
        repositories: {
          shop: { files: { '.env': env, 'src/deep/a.ts': 'export const a = 1;\n' }, private: true },
          pay: { files: { 'config/okta.env': env } },
          old: { files: { '.env': env }, archived: true },
          empty: {},
        },
      },
    });
    const report = await scanGithub(place, 'acme');
    expect(report.code).toBe(1);
    expect(literals(report)).toEqual(['acme/pay/config/okta.env:1', 'acme/shop/.env:1']);
    expect(report.root).toBe(`${place.double.url}/acme`);
    expect(report.skipped).toEqual([{ path: 'acme/old', reason: 'archived' }]);
    expect(report.stats).toMatchObject({ repositories: 3, unchanged: 0, files: 3 });
    const [first, second] = report.findings.filter(({ kind }) => kind === 'literal');
    expect(first?.secret).toBe(second?.secret);
    expect(first?.id).not.toBe(second?.id);
    expect(first?.location.source).toBe('github');
    expect(report.out + report.err).not.toContain(token.slice(2, 14));
    expect(report.out + report.err).not.toContain(place.token.slice(4, 14));
  });

  it('reads every page of a list, and goes to no address that an answer names', async () => {
    const repositories = Object.fromEntries(
      Array.from({ length: 103 }, (_, n) => [`r${n}`, { archived: true }]),
    );
    const place = await startGithub({ acme: { type: 'Organization', repositories } });
    const report = await scanGithub(place, 'acme');
    expect(report.skipped).toHaveLength(103);
    expect(place.double.count(/^\/orgs\/acme\/repos$/)).toBe(2);
  });

  it('looks only at what has changed since, and still tells what it found before', async () => {
    const repositories = {
      shop: { files: { '.env': `OKTA_API_TOKEN=${oktaToken()}\n` } },
      pay: { files: { 'README.md': 'Payments\n' } },
    };
    const place = await startGithub({ acme: { type: 'Organization', repositories } });
    const first = await scanGithub(place, 'acme');
    const cloned = place.double.count(/git-upload-pack$/);
    expect(cloned).toBeGreaterThan(0);
    const second = await scanGithub(place, 'acme');
    expect(place.double.count(/git-upload-pack$/)).toBe(cloned);
    expect(second.findings).toEqual(first.findings);
    expect(second.stats).toMatchObject({ repositories: 2, unchanged: 2 });
    expect(second.err).toContain('2 of 2 repositories have not changed');
    place.double.push('acme/pay', { '.env': `OKTA_API_TOKEN=${oktaToken()}\n` });
    const third = await scanGithub(place, 'acme');
    expect(literals(third)).toEqual(['acme/pay/.env:1', 'acme/shop/.env:1']);
    expect(third.stats['unchanged']).toBe(1);
    const remembered = readdirSync(place.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(remembered).toHaveLength(5);
    expect(remembered.join('')).not.toContain(place.token.slice(4, 14));
  });

  it('goes on where it was stopped', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `r${n}`);
    const repositories = Object.fromEntries(names.map((name) => [name, { files: { a: `${name}\n` } }]));
    const place = await startGithub({ acme: { type: 'Organization', repositories } });
    place.double.faults.push({ path: /r5\/actions\/secrets$/, status: 503 });
    const stopped = await run(['scan', '--github', 'acme'], { cwd: makeTree({}), env: place.env });
    expect([stopped.code, stopped.err]).toEqual([2, expect.stringContaining('error[host-unreachable]')]);
    place.double.faults.pop();
    const report = await scanGithub(place, 'acme');
    expect(report.stats['repositories']).toBe(8);
    expect(report.stats['unchanged']).toBeGreaterThanOrEqual(4);
  }, 60_000);

  it('leaves nothing behind, and says what could not be cloned', async () => {
    const place = await startGithub({
      ada: { type: 'User', repositories: { notes: { files: { a: 'a\n' } }, gone: { isGone: true } } },
    });
    const usual = process.env['TMPDIR'];
    const temporary = makeTree({});
    process.env['TMPDIR'] = temporary;
    onTestFinished(() => {
      if (usual === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = usual;
    });
    const report = await scanGithub(place, 'ada');
    expect(report.skipped).toEqual([{ path: 'ada/gone', reason: 'it is not there any more' }]);
    // The folder that the scan began in is the test's own.
    expect(readdirSync(temporary).filter((name) => !name.startsWith('agent-id-scan-'))).toEqual([]);
    expect(place.double.asked.join('\n')).not.toContain(place.token);
  });

  it('brings no larger files than it reads, and says which', async () => {
    const large = Buffer.alloc(30_000, 'a line of text that is in a large file\n');
    const files = { 'large.txt': large, 'small.txt': 'a\n', 'linked/small.txt': 'b\n' };
    const place = await startGithub({ ada: { type: 'User', repositories: { notes: { files } } } });
    const report = await scanGithub(place, 'ada/notes', '--max-file-size', '20kB');
    expect(report.skipped).toEqual([{ path: 'ada/notes/large.txt', reason: 'larger than 20000 bytes' }]);
    expect(report.stats['files']).toBe(2);
  });

  it('follows no link and no submodule, and says which', async () => {
    const odd = [
      ['120000', 'docs/link.txt'],
      ['160000', 'vendor/lib'],
    ] as const;
    const place = await startGithub({
      ada: { type: 'User', repositories: { notes: { files: { a: 'b\n' }, odd } } },
    });
    expect((await scanGithub(place, 'ada')).skipped).toEqual([
      { path: 'ada/notes/docs/link.txt', reason: 'symbolic link' },
      { path: 'ada/notes/vendor/lib', reason: 'submodule or nested repository' },
    ]);
  });

  it('sees private repositories of the user whose token it is, and only public ones of others', async () => {
    const repositories = { open: { files: { a: 'a\n' } }, closed: { private: true, files: { a: 'a\n' } } };
    const accounts = { ada: { type: 'User', repositories }, eve: { type: 'User', repositories } } as const;
    const place = await startGithub(accounts, 'ada');
    expect((await scanGithub(place, 'ada')).stats['repositories']).toBe(2);
    expect((await scanGithub(place, 'eve')).stats['repositories']).toBe(1);
  });

  it('keeps to globs, baseline and the other flags', async () => {
    const files = {
      '.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
      'docs/a.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
    };
    const place = await startGithub({ ada: { type: 'User', repositories: { notes: { files } } } });
    expect(literals(await scanGithub(place, 'ada', '--exclude', 'ada/notes/docs/**'))).toEqual([
      'ada/notes/.env:1',
    ]);
    const cwd = makeTree({});
    const args = ['scan', '--github', 'ada/notes', '--format', 'json'];
    const accept = ['--write-baseline', '--reason', 'a sandbox', '--expires', '2027-01-31'];
    expect((await run([...args, ...accept], { cwd, env: place.env })).code).toBe(0);
    expect((await run(args, { cwd, env: place.env })).code).toBe(0);
  });
});

describe('names that GitHub keeps', () => {
  const accounts = {
    acme: {
      type: 'Organization',
      secrets: [
        { name: 'OKTA_API_TOKEN', visibility: 'selected', selected: ['acme/shop', 'acme/pay'] },
        { name: 'DEPLOY', visibility: 'private' },
      ],
      variables: [{ name: 'REGION', value: 'eu-1' }],
      repositories: {
        shop: {
          private: true,
          secrets: [{ name: 'NPM_TOKEN' }],
          environments: {
            production: { secrets: [{ name: 'STRIPE_SECRET_KEY' }], variables: [{ name: 'OPENAI_API_KEY' }] },
          },
          files: {
            '.github/workflows/sync.yml': workflow('OKTA_API_TOKEN'),
            '.github/workflows/all.yml': 'jobs:\n  a:\n    uses: ./x.yml\n    secrets: inherit\n',
          },
        },
        pay: {
          secrets: [{ name: 'OKTA_API_TOKEN' }],
          files: { '.github/workflows/sync.yml': workflow('okta_api_token') },
        },
        web: { files: { '.github/workflows/sync.yml': workflow('OKTA_API_TOKEN') } },
      },
    },
  } as const;

  it('are told with the repositories that may read them and the places that do', async () => {
    const report = await scanGithub(await startGithub(accounts), 'acme');
    const told = report.stored.map(({ level, owner, name, readers, uses }) => ({
      what: `${level} ${owner} ${name}`,
      readers,
      uses: uses.map(({ path, line }) => `${path}:${line}`),
    }));
    const all = 'acme/shop/.github/workflows/all.yml:4';
    expect(told).toEqual([
      {
        what: 'organization acme OKTA_API_TOKEN',
        readers: ['acme/shop', 'acme/pay'],
        uses: [all, 'acme/shop/.github/workflows/sync.yml:8'],
      },
      { what: 'organization acme DEPLOY', readers: 'private', uses: [all] },
      { what: 'organization acme REGION', readers: 'all', uses: [] },
      { what: 'repository acme/shop NPM_TOKEN', readers: ['acme/shop'], uses: [all] },
      { what: 'environment acme/shop STRIPE_SECRET_KEY', readers: ['acme/shop'], uses: [all] },
      { what: 'environment acme/shop OPENAI_API_KEY', readers: ['acme/shop'], uses: [] },
      {
        what: 'repository acme/pay OKTA_API_TOKEN',
        readers: ['acme/pay'],
        uses: ['acme/pay/.github/workflows/sync.yml:8'],
      },
    ]);
    expect(report.out).not.toContain('eu-1');
  });

  it('are asked for only as far as they have changed', async () => {
    const place = await startGithub(accounts);
    const first = await scanGithub(place, 'acme');
    expect(place.double.unchanged).toBe(0);
    const second = await scanGithub(place, 'acme');
    expect(second.stored).toEqual(first.stored);
    // Those of the organisation, one list of readers, three repositories with an environment in one of them.
    expect(place.double.unchanged).toBe(2 + 1 + 3 * 3 + 2);
    const remembered = readdirSync(place.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(remembered.join('')).toContain('REGION');
    expect(remembered.join('')).not.toContain('eu-1');
  });

  it('are findings: secrets always, variables where the name says so, joined with uses by their fingerprint', async () => {
    const { findings, code } = await scanGithub(await startGithub(accounts), 'acme');
    expect(code).toBe(0);
    const kept = findings.filter(({ location }) => location.path.includes('/settings/'));
    expect(kept.map(({ name, rule, location }) => `${location.path} ${name} ${rule}`)).toEqual([
      'organizations/acme/settings/secrets/actions OKTA_API_TOKEN okta-api-token',
      'organizations/acme/settings/secrets/actions DEPLOY generic-secret',
      'acme/shop/settings/secrets/actions NPM_TOKEN npm-token',
      'acme/shop/settings/environments/production STRIPE_SECRET_KEY stripe-key',
      'acme/shop/settings/environments/production OPENAI_API_KEY openai-api-key',
      'acme/pay/settings/secrets/actions OKTA_API_TOKEN okta-api-token',
    ]);
    const use = findings.find(({ location }) => location.path === 'acme/shop/.github/workflows/sync.yml');
    expect(kept[0]?.secret).toBe(use?.secret);
    expect(kept[0]?.reasons.join()).toContain('may be read by acme/shop, acme/pay');
  });

  it('of an organisation that reach one repository need no right over the organisation', async () => {
    const place = await startGithub(accounts);
    place.double.denied.push(/^\/orgs\//);
    const { stored, skipped } = await scanGithub(place, 'acme/web');
    expect(stored.map(({ level, name }) => `${level} ${name}`)).toEqual(['organization REGION']);
    expect(skipped).toEqual([]);
  });

  it('that the token may not list are skipped, never counted as none', async () => {
    const place = await startGithub(accounts);
    place.double.denied.push(/\/actions\/secrets/, /\/environments/);
    const { skipped, stored } = await scanGithub(place, 'acme');
    const reason = 'the token may not list what is kept there';
    expect(skipped).toContainEqual({ path: 'organizations/acme/settings/secrets/actions', reason });
    expect(skipped).toContainEqual({ path: 'acme/shop/settings/secrets/actions', reason });
    expect(skipped).toContainEqual({ path: 'acme/shop/settings/environments', reason });
    expect(stored.map(({ name }) => name)).toEqual(['REGION']);
  });

  it('are in the report as its schema says', async () => {
    const schema = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../schemas/report.schema.json'), 'utf8'),
    ) as object;
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const { out } = await scanGithub(await startGithub(accounts), 'acme');
    const isValid = ajv.compile(schema);
    isValid(JSON.parse(out));
    expect(isValid.errors).toBeNull();
    expect((JSON.parse(out) as { stored: readonly object[] }).stored).toHaveLength(7);
  });
});
