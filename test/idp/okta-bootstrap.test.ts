import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Command } from 'commander';
import { addIdp } from '../../src/commands/idp.ts';
import { adapterFor } from '../../src/idp/index.ts';
import { bootstrapOkta } from '../../src/idp/okta/bootstrap.ts';
import { trustedIdp } from '../../src/idp/trust.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { createHttp } from '../../src/lib/http.ts';
import type { Io } from '../../src/lib/io.ts';
import { statePaths } from '../../src/lib/state.ts';
import { Secret } from '../../src/model/secret.ts';
import { codeOf } from './contract.ts';
import { makeFolder, makeKey } from './kit.ts';
import { startOktaDouble, type OktaDouble } from './okta-double.ts';
import { contentOf, passwordApi, userSpec, wholeSpec } from './okta-kit.ts';
import { keysOf, table } from './okta-rows.ts';

let double: OktaDouble;
let home: string;
let token: { readonly id: string; readonly value: string };

beforeEach(async () => {
  double = await startOktaDouble();
  home = await makeFolder();
  double.addApiToken('payroll');
  token = double.addApiToken('legacy');
});
afterEach(() => double.stop());

/** Runs `agent-id idp …` as the program would. */
async function run(args: readonly string[], stdin = ''): Promise<string> {
  let said = '';
  const say = (text: string): void => {
    said += text;
  };
  const io: Io = {
    cwd: home,
    env: { AGENT_ID_HOME: home },
    clock: Date.now,
    interactive: false,
    color: false,
    stdin: () => Promise.resolve(stdin),
    stdout: say,
    stderr: say,
    exitCode: 0,
  };
  const program = new Command('agent-id').exitOverride();
  addIdp(program, io);
  await program.parseAsync(['idp', ...args], { from: 'user' });
  return said;
}

function add(...more: readonly string[]): Promise<string> {
  const resources = [`password-api=${passwordApi}#password.reset`, `okta=${double.issuer}#okta.users.manage`];
  const flags = resources.flatMap((resource) => ['--resource', resource]);
  const args = ['add', 'corp', '--type', 'okta', '--issuer', double.issuer, '--secret-stdin'];
  return run(args.concat(flags, more), `${token.value}\n`);
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

async function adapter(): ReturnType<typeof adapterFor> {
  const paths = statePaths({ AGENT_ID_HOME: home });
  return adapterFor(await trustedIdp(paths, 'corp'), { paths });
}

describe('--cross-app-access', () => {
  it('opts in to AI agents: the trust says so, and the admin app may register them', async () => {
    double.addApp({ clientId: 'acme-cli', label: 'Acme sign-in' });
    await add('--cross-app-access', '--client-id', 'acme-cli');
    const idp = await adapter();
    expect(idp.trust).toMatchObject({ crossAppAccess: true, loginClientId: 'acme-cli' });
    const { clientId } = await idp.apply(await idp.plan(userSpec(double)));
    expect(clientId).toMatch(/^wlp/);
    expect(double.violations).toEqual([]);
  });

  it('without it the admin app gets no right to, and elsewhere than at Okta it is refused', async () => {
    await add();
    const scopes = [...double.rows].flatMap(([name, rows]) =>
      name.startsWith('grants ') ? [...rows.values()].map(({ scopeId }) => scopeId) : [],
    );
    expect(scopes).toContain('okta.apps.manage');
    expect(scopes).not.toContain('okta.aiAgents.manage');
    const oidc = run(['add', 'x', '--type', 'oidc', '--issuer', double.issuer, '--cross-app-access']);
    expect(await codeOf(oidc)).toBe('usage');
  });
});

describe('an API token of Okta, given once', () => {
  it('makes an admin app with its own key, and stands nowhere afterwards', async () => {
    const said = await add();
    const files = await filesUnder(home);
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    for (const text of [said, ...texts]) expect(text).not.toContain(token.value);
    const keyFile = files.find((file) => file.includes('okta-admin-corp')) ?? '';
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(said).toMatch(
      new RegExp(`Last step.*agent-id retire.*It is: legacy \\(${token.id}, of 00u-owner`, 's'),
    );
    expect(said).toContain('tokens of 3600 s that name the agent, no user');
    const asked = double.calls.length;
    const okta = await adapter();
    await okta.apply(await okta.plan(wholeSpec(double)));
    expect(double.calls.length).toBeGreaterThan(asked);
    expect(double.violations).toEqual([]);
  });

  it('may be given again after a cut: one app, one role, each scope once', async () => {
    await add();
    const whole = contentOf(double);
    await run(['remove', 'corp']);
    await add();
    expect(contentOf(double)).toEqual(whole);
  });

  it('is bound by the id of its provider, and revoked by it at the end', async () => {
    await add();
    const okta = await adapter();
    const listed = await okta.staticSecrets('okta');
    expect(listed.map(({ name, owner }) => [name, owner])).toEqual([
      ['payroll', '00u-owner'],
      ['legacy', '00u-owner'],
    ]);
    expect(listed.every(({ createdAt, lastUsedAt }) => createdAt !== null && lastUsedAt !== null)).toBe(true);
    expect(JSON.stringify(listed)).not.toContain(token.value);
    await okta.revokeStaticSecret('okta', token.id);
    await okta.revokeStaticSecret('okta', token.id);
    expect((await okta.staticSecrets('okta')).map(({ name }) => name)).toEqual(['payroll']);
    const headers = { authorization: `SSWS ${token.value}` };
    expect((await fetch(`${double.issuer}/api/v1/apps`, { headers })).status).toBe(401);
    expect(await codeOf(okta.staticSecrets('github'))).toBe('unsupported');
    expect(double.violations).toEqual([]);
  });

  it('gives nothing to an application that took our mark with another key', async () => {
    const trust: TrustedIdp = {
      schemaVersion: 1,
      name: 'corp',
      type: 'okta',
      issuer: double.issuer,
      resources: [],
    };
    const here = { trust, http: createHttp(), clock: Date.now, paths: statePaths({ AGENT_ID_HOME: home }) };
    await bootstrapOkta(here, new Secret(token.value));
    const [app] = [...table(double.rows, 'apps').values()];
    Object.assign(keysOf(app ?? {})[0] ?? {}, makeKey().publicKey);
    const before = contentOf(double);
    expect(await codeOf(bootstrapOkta(here, new Secret(token.value)))).toBe('conflict');
    expect(contentOf(double)).toEqual(before);
  });

  it('that is worth nothing changes nothing and is not shown', async () => {
    token = { id: token.id, value: `00${token.value.slice(2).split('').reverse().join('')}` };
    const before = contentOf(double);
    const error = await add().catch((one: unknown) => one as Error);
    expect(JSON.stringify(error) + String(error)).not.toContain(token.value);
    expect(error).toMatchObject({ code: 'idp-refused' });
    expect(contentOf(double)).toEqual(before);
  });
});
