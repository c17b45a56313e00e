import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addIdp } from '../../src/commands/idp.ts';
import type { Io } from '../../src/lib/io.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { renderError } from '../../src/output/error.ts';
import { makeFolder } from '../idp/kit.ts';
import { administer, keycloak } from './keycloak.ts';

const tag = randomBytes(3).toString('hex');
const resource = `password-api=https://password-api.acme.example/#password.reset`;
const temporary = `temporary-${tag}`;
let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await mkdir(join(folder, 'state'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('agent-id idp with Keycloak', () => {
  it('trusts a realm by the key of a client, and says what is missing', async () => {
    const { issuer, admin } = keycloak();
    const flags = ['--admin-client-id', admin.clientId, '--admin-key', admin.keyFile, '--client-id', 'desk'];
    const added = await run(['idp', 'add', 'corp', ...realm(issuer), ...flags]);
    expect(added).toMatchObject({ code: 0 });
    const checked = await run(['idp', 'check', 'corp']);
    const missing = checked.out.split('\n').filter((line) => line.startsWith('no'));
    expect(missing).toEqual([expect.stringContaining('downscope-assertion-grant-enforcer')]);
    expect(checked.out).toContain('ok   role manage-clients');
    await run(['idp', 'remove', 'corp']);
  });

  it('makes its own administrator once with a secret that it keeps nowhere', async () => {
    const secret = await makeTemporaryAdmin();
    const { issuer } = keycloak();
    const flags = ['--admin-client-id', temporary, '--secret-stdin', '--client-id', 'desk'];
    const add = ['idp', 'add', 'boot', ...realm(issuer), ...flags];
    const added = await run(add, `${secret}\n`);
    expect(added).toMatchObject({ code: 0, err: expect.stringContaining('Last step') as string });
    expect((await run(add, `${secret}\n`)).code).toBe(0);
    const checked = await run(['idp', 'check', 'boot']);
    expect(checked.out).toContain('ok   administration');
    expect(checked.out).toContain('ok   role view-events');
    expect(`${added.out}${added.err}${checked.out}${await everything(folder)}`).not.toContain(secret);
    expect((await stat(join(folder, 'state', 'keys', 'keycloak-admin-boot.json'))).mode & 0o777).toBe(0o600);
    await run(['idp', 'remove', 'boot']);
  });

  it('gives nothing to an administrator of another machine, and takes no wrong secret', async () => {
    const secret = await makeTemporaryAdmin();
    const flags = ['--admin-client-id', temporary, '--secret-stdin'];
    const other = ['idp', 'add', 'elsewhere', ...realm(keycloak().issuer), ...flags];
    expect(await run(other, secret)).toMatchObject({
      code: 2,
      err: expect.stringContaining("a key that is not this machine's") as string,
    });
    const wrong = await run(other, randomBytes(12).toString('hex'));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('invalid_client') as string });
    expect(await run(['idp', 'list'])).toMatchObject({ out: '' });
  });

  it('is administered by whoever is signed in, where no client is named', async () => {
    const { issuer } = keycloak();
    expect(await run(['idp', 'add', 'mine', ...realm(issuer)])).toMatchObject({ code: 2 });
    expect((await run(['idp', 'add', 'mine', ...realm(issuer), '--client-id', 'desk'])).err).toContain(
      'agent-id login --idp mine',
    );
    const checked = await run(['idp', 'check', 'mine']);
    expect(checked.out).toContain('nobody is signed in at mine');
    await run(['idp', 'remove', 'mine']);
  });

  it('takes no issuer that is no realm', async () => {
    const added = await run(['idp', 'add', 'odd', '--type', 'keycloak', '--issuer', keycloak().url]);
    expect(added).toMatchObject({ code: 2, err: expect.stringContaining('/realms/REALM') as string });
  });
});

function realm(issuer: string): readonly string[] {
  return ['--type', 'keycloak', '--issuer', issuer, '--resource', resource];
}

/** As `kc.sh bootstrap-admin service` would: a client with a secret and the rights of an administrator. */
async function makeTemporaryAdmin(): Promise<string> {
  const body = { clientId: temporary, publicClient: false, serviceAccountsEnabled: true };
  await administer('POST', '/clients', body);
  const [client] = await list(`/clients?clientId=${temporary}`);
  const [management] = await list('/clients?clientId=realm-management');
  const user = (await administer('GET', `/clients/${String(client?.['id'])}/service-account-user`)).body;
  const path = `/users/${String(user['id'])}/role-mappings/clients/${String(management?.['id'])}`;
  const roles = ['manage-clients', 'view-events', 'view-realm', 'manage-users'];
  const wanted = (await list(`${path}/available`)).filter(({ name }) => roles.includes(String(name)));
  if (wanted.length > 0) expect((await administer('POST', path, wanted)).status).toBe(204);
  const secret = await administer('GET', `/clients/${String(client?.['id'])}/client-secret`);
  return String(secret.body['value']);
}

async function list(path: string): Promise<Record<string, unknown>[]> {
  return (await administer('GET', path)).body as unknown as Record<string, unknown>[];
}

async function everything(at: string): Promise<string> {
  const names = await readdir(at, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((entry) => entry.isFile())
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], stdin = ''): Promise<Ran> {
  const text = { out: '', err: '' };
  const io: Io = {
    stdout: (data) => void (text.out += data),
    stderr: (data) => void (text.err += data),
    cwd: folder,
    env: { AGENT_ID_HOME: join(folder, 'state') },
    interactive: false,
    color: false,
    clock: Date.now,
    stdin: async () => stdin,
    exitCode: 0,
  };
  const program = new Command('agent-id').exitOverride();
  addIdp(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    text.err += renderError(error);
    io.exitCode = 2;
  }
  return { code: io.exitCode, ...text };
}
