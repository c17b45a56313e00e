import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AgentIdError } from '../../model/error.ts';
import { run } from '../processes.ts';

export const keycloakVersion = '26.7.5';
/** SHA-256 of the zip: beside this version lies only a SHA-1, and a checksum from the same place would prove nothing. */
const pinned = '30ef87fb7101c43d29688d1ae80c0588ff4a151b3330e9f664bf9692d398658a';
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
/** Built in, so that it is part of the key of what is kept. */
export const keycloakFeatures = 'identity-assertion-jwt';

/** What Java and this machine's shell get: the first compiler tier and a serial collector halve the start of a short life. */
export function javaEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx384m',
    JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC',
  };
}

/** Says what is missing to run a Keycloak here: Java 17 or newer, and Maven. Undefined where nothing is. */
export async function missingForKeycloak(): Promise<string | undefined> {
  const options = { cwd: homedir(), env: process.env };
  const [java, maven] = await Promise.all([
    run('java', ['-version'], options),
    run('mvn', ['-version'], options),
  ]);
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (java.code !== 0) return 'no Java here';
  if (version < 17) return `Java ${version} here, 17 or newer is needed`;
  return maven.code === 0 ? undefined : 'no Maven here';
}

/** Where distribution and snapshots are kept between runs: this user's cache folder. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(base, 'agent-id', 'keycloak');
}

/**
 * Gives the folder of a built distribution; fetches it with Maven and builds it where it is missing (about a minute).
 * Two at once do the work twice, and one result stays. Throws `unsupported`, `internal` for a zip that is not the pinned one.
 */
export async function ensureDistribution(tell: (text: string) => void): Promise<string> {
  const cache = cacheFolder();
  const wanted = join(cache, `${keycloakVersion}-${keycloakFeatures}`);
  if (existsSync(wanted)) return wanted;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'work-'));
  try {
    tell(`fetching Keycloak ${keycloakVersion} with Maven, once`);
    const zip = await fetchZip(work);
    await assertPinned(zip);
    await unpack(zip, work);
    const unpacked = join(work, `keycloak-${keycloakVersion}`);
    tell('building Keycloak, once');
    await build(unpacked);
    keep(unpacked, wanted);
    return wanted;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fetchZip(work: string): Promise<string> {
  const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
  const args = ['-B', '-q', copyGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${work}`];
  const { code, stdout, stderr } = await run('mvn', args, { cwd: work, env: process.env });
  if (code !== 0) throw failed('Maven could not bring Keycloak', `${stdout}${stderr}`);
  return join(work, `keycloak-quarkus-dist-${keycloakVersion}.zip`);
}

async function assertPinned(zip: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(zip), hash);
  if (hash.digest('hex') === pinned) return;
  throw failed(`the zip of Keycloak ${keycloakVersion} is not the pinned one (SHA-256)`, '');
}

async function unpack(zip: string, work: string): Promise<void> {
  const options = { cwd: work, env: process.env };
  for (const [command, ...args] of [
    ['unzip', '-q', zip],
    ['jar', 'xf', zip],
    ['python3', '-m', 'zipfile', '-e', zip, work],
  ] as const) {
    if ((await run(command, args, options)).code === 0) return;
  }
  throw failed('neither unzip nor jar nor python3 could unpack Keycloak', '');
}

async function build(folder: string): Promise<void> {
  const script = join(folder, 'bin/kc.sh');
  const args = [script, 'build', '--db=dev-file', `--features=${keycloakFeatures}`];
  const { code, stdout, stderr } = await run('sh', args, { cwd: folder, env: javaEnv() });
  if (code !== 0) throw failed('Keycloak could not be built', `${stdout}${stderr}`);
}

/** Whoever comes second finds it there. */
function keep(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function failed(message: string, output: string): AgentIdError {
  const last = output.trim().split('\n').slice(-5).join('\n');
  return new AgentIdError('unsupported', message, last === '' ? {} : { hint: last });
}
