import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClientAdmin } from '../../idp/keycloak/admin.ts';
import { systemClock } from '../../lib/clock.ts';
import { createHttp } from '../../lib/http.ts';
import { toPublicJwk } from '../../lib/keys.ts';
import { AgentIdError } from '../../model/error.ts';
import { freePort } from '../processes.ts';
import {
  cacheFolder,
  ensureDistribution,
  javaEnv,
  keycloakFeatures,
  keycloakVersion,
} from './distribution.ts';
import { adminClientId, realmName, toRealm } from './realm.ts';

/** A Keycloak that runs on this machine only, in a folder of its own. */
export interface Keycloak {
  readonly url: string;
  readonly issuer: string;
  readonly realm: string;
  readonly pid: number;
  readonly user: string;
  readonly readyMs: number;
  readonly admin: { readonly clientId: string; readonly keyFile: string };
  stop(): Promise<void>;
}

interface Launch {
  readonly distribution: string;
  readonly home: string;
  readonly more?: readonly string[];
}

const READY_WITHIN_MS = 180_000;
const userName = 'user-x';

export interface StartOptions {
  /** Password of the only user, set when the server runs. */
  readonly password: string;
  /** Is told about what takes long. */
  readonly tell?: (text: string) => void;
}

/** Starts one from a snapshot of the imported realm, in about 8 seconds; the first time also makes both. Stop it by `stop`. */
export async function startKeycloak({ password, tell = () => undefined }: StartOptions): Promise<Keycloak> {
  const distribution = await ensureDistribution(tell);
  const snapshot = await ensureSnapshot(distribution, tell);
  const home = mkdtempSync(join(tmpdir(), 'agent-id-keycloak-'));
  mkdirSync(join(home, 'data'));
  cpSync(join(snapshot, 'h2'), join(home, 'data', 'h2'), { recursive: true });
  const server = await launch({ distribution, home });
  const admin = { clientId: adminClientId, keyFile: join(snapshot, 'admin.jwk.json') };
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await setPassword({ ...server, admin }, password);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...server, user: userName, admin, stop };
}

/** Passwords are made for each run: none lies in the snapshot. */
async function setPassword(
  { url, realm, issuer, admin }: Pick<Keycloak, 'url' | 'realm' | 'issuer' | 'admin'>,
  password: string,
): Promise<void> {
  const trust = { schemaVersion: 1, name: 'demo', type: 'keycloak', issuer, resources: [], admin } as const;
  const parts = { trust, http: createHttp(), clock: systemClock, paths: { keys: '' } };
  await createClientAdmin(parts).ask({
    method: 'PUT',
    path: `/users/${userName}/reset-password`,
    role: 'manage-users',
    body: { type: 'password', value: password, temporary: false },
    what: `set the password of ${userName} of ${realm} at ${url}`,
  });
}

/** The imported realm as a database file: a start from it skips schema, master realm and import. */
async function ensureSnapshot(distribution: string, tell: (text: string) => void): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const adminKey = toPublicJwk({ x: String(x), y: String(y) });
  const wanted = join(cacheFolder(), `realm-${snapshotKey()}`);
  if (existsSync(wanted)) return wanted;
  tell('importing the realm, once');
  const home = mkdtempSync(join(cacheFolder(), 'work-'));
  try {
    mkdirSync(join(home, 'data', 'import'), { recursive: true });
    const realm = JSON.stringify(toRealm({ adminKey, user: userName }));
    writeFileSync(join(home, 'data', 'import', 'realm.json'), realm);
    const server = await launch({ distribution, home, more: ['--import-realm'] });
    await server.stop();
    const key = JSON.stringify(privateKey.export({ format: 'jwk' }));
    writeFileSync(join(home, 'data', 'admin.jwk.json'), `${key}\n`, { mode: 0o600 });
    renameOrUse(join(home, 'data'), wanted);
    return wanted;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The key differs from import to import, so that it is no part of it. */
function snapshotKey(): string {
  const realm = toRealm({ adminKey: toPublicJwk({ x: '', y: '' }), user: userName });
  const text = JSON.stringify([keycloakVersion, keycloakFeatures, realm]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function renameOrUse(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

async function launch({ distribution, home, more = [] }: Launch): Promise<Omit<Keycloak, 'admin' | 'user'>> {
  // Its own data folder on a shared distribution that is only read.
  for (const name of ['lib', 'conf', 'providers', 'themes'])
    symlinkSync(join(distribution, name), join(home, name));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(home, 'server.log');
  const started = performance.now();
  const { pid, ended } = spawnServer(toArgs({ distribution, home, more }, port), log);
  const issuer = `${url}/realms/${realmName}`;
  const server = { url, issuer, realm: realmName, pid, stop: () => end(pid, ended) };
  while (!(await answers(`${issuer}/.well-known/openid-configuration`))) {
    const late = performance.now() - started > READY_WITHIN_MS;
    if (!late && !ended()) await sleep(100);
    else {
      await server.stop();
      throw new AgentIdError(
        'unsupported',
        late ? 'Keycloak was not ready in time' : 'Keycloak ended at once',
        {
          hint: readFileSync(log, 'utf8').slice(-2000),
        },
      );
    }
  }
  return { ...server, readyMs: Math.round(performance.now() - started) };
}

function toArgs({ distribution, home, more = [] }: Launch, port: number): readonly string[] {
  return [
    join(distribution, 'bin/kc.sh'),
    'start',
    '--optimized',
    // Without it, production mode opens a port for its cluster on every network.
    '--cache=local',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    `--hostname=http://127.0.0.1:${port}`,
    `-Dkc.home.dir=${home}`,
    ...more,
  ];
}

function spawnServer(
  args: readonly string[],
  log: string,
): { readonly pid: number; readonly ended: () => boolean } {
  const out = openSync(log, 'w');
  const child = spawn('sh', args, { env: javaEnv(), stdio: ['ignore', out, out], detached: true });
  closeSync(out);
  child.unref();
  if (child.pid === undefined) throw new AgentIdError('unsupported', 'Keycloak could not be started');
  return { pid: child.pid, ended: () => child.exitCode !== null || child.signalCode !== null };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** The shell in front of Java passes TERM on and waits for it; both are one process group of their own. */
async function end(pid: number, ended: () => boolean): Promise<void> {
  if (ended()) return;
  process.kill(pid, 'SIGTERM');
  for (let tries = 0; !ended() && tries < 300; tries += 1) await sleep(50);
  if (!ended()) process.kill(-pid, 'SIGKILL');
}
