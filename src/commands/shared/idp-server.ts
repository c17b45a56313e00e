import { join, resolve } from 'node:path';
import type { Embedded } from '../../idp/embedded/index.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import { envelope } from '../../output/version.ts';

interface DataOptions {
  readonly data?: string;
  readonly format: 'text' | 'json';
}

interface StartOptions extends DataOptions {
  readonly port?: number;
  readonly foreground?: boolean;
}

/** What a start says. Passwords only where they were just made: they are shown once. */
interface Started {
  readonly issuer: string;
  readonly oktaUrl: string;
  readonly passwordApiUrl: string;
  readonly adminKeyFile: string;
  readonly dataDir: string;
  readonly users: readonly {
    readonly id: string;
    readonly displayName: string;
    readonly password: string | null;
  }[];
}

/** Gives the data folder of the embedded provider. */
export async function dataFolder(data: string | undefined, io: Io): Promise<string> {
  const { statePaths } = await import('../../lib/state.ts');
  return data === undefined ? join(statePaths(io.env).home, 'embedded-idp') : resolve(io.cwd, data);
}

/** Finds where the provider of a data folder is; `undefined` where it was never started. */
export async function issuerOf(dataDir: string): Promise<string | undefined> {
  const { readPorts } = await import('../../idp/embedded/folder.ts');
  const ports = await readPorts(join(dataDir, 'server.json'));
  return ports === undefined ? undefined : `http://127.0.0.1:${ports.idp}`;
}

export async function runStart(options: StartOptions, io: Io): Promise<void> {
  const { port = 0 } = options;
  if (port < 0 || port > 65_535) throw new AgentIdError('usage', '--port takes a number up to 65535');
  const dataDir = await dataFolder(options.data, io);
  if (options.foreground === true) return runForeground({ dataDir, port, format: options.format }, io);
  const { startDetached } = await import('../../lib/daemon.ts');
  const args = ['idp', 'start', '--foreground', '--format', 'json', '--data', dataDir];
  const line = await startDetached([...args, ...(port === 0 ? [] : ['--port', String(port)])], io.env);
  const started = toStarted(line);
  await report(started, options.format, io);
  if (options.format === 'json') return;
  io.stderr(`It runs in the background. To end it: agent-id idp stop${await dataFlag(dataDir, io)}\n`);
}

/** Names a data folder as other verbs need it; the one in the state folder they find themselves. */
async function dataFlag(dataDir: string, io: Io): Promise<string> {
  return dataDir === (await dataFolder(undefined, io)) ? '' : ` --data '${dataDir}'`;
}

async function runForeground(
  {
    dataDir,
    port,
    format,
  }: { readonly dataDir: string; readonly port: number; readonly format: 'text' | 'json' },
  io: Io,
): Promise<void> {
  const [{ startEmbedded }, { processId, untilStopped }, { deleteFile, writeWhole }] = await Promise.all([
    import('../../idp/embedded/index.ts'),
    import('../../lib/daemon.ts'),
    import('../../lib/files.ts'),
  ]);
  const embedded = await startEmbedded({ dataDir, port, clock: io.clock });
  const pidFile = join(dataDir, 'server.pid');
  try {
    await writeWhole(pidFile, `${processId()}\n`);
    await report(pick(embedded, dataDir), format, io);
    await untilStopped(embedded.stopRequested);
  } finally {
    await embedded.stop();
    await deleteFile(pidFile);
  }
}

export async function runStop(options: DataOptions, io: Io): Promise<void> {
  const dataDir = await dataFolder(options.data, io);
  const issuer = await issuerOf(dataDir);
  const stopped = issuer !== undefined && (await stop(issuer, dataDir, io));
  if (options.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, issuer: issuer ?? null, stopped })}\n`);
  else io.stderr(stopped ? `Stopped ${issuer}.\n` : 'It did not run.\n');
}

async function stop(issuer: string, dataDir: string, io: Io): Promise<boolean> {
  const [{ stopEmbedded }, { createHttp }, { statePaths }] = await Promise.all([
    import('../../idp/embedded-trust.ts'),
    import('../../lib/http.ts'),
    import('../../lib/state.ts'),
  ]);
  const candidate = { name: 'embedded', issuer, keyFile: join(dataDir, 'admin.jwk.json') };
  const parts = { http: createHttp({ clock: io.clock }), clock: io.clock, paths: statePaths(io.env) };
  return stopEmbedded(candidate, parts);
}

export async function runStatus(options: DataOptions, io: Io): Promise<void> {
  const [{ createHttp }, { readMetadata }] = await Promise.all([
    import('../../lib/http.ts'),
    import('../../idp/metadata.ts'),
  ]);
  const dataDir = await dataFolder(options.data, io);
  const issuer = await issuerOf(dataDir);
  const running =
    issuer !== undefined &&
    (await readMetadata(createHttp({ clock: io.clock }), issuer).then(
      () => true,
      () => false,
    ));
  if (options.format === 'json') {
    io.stdout(`${JSON.stringify({ ...envelope, issuer: issuer ?? null, running, dataDir })}\n`);
  } else {
    io.stdout(`${issuer ?? 'never started'}: ${running ? 'running' : 'not running'}\n`);
  }
  if (!running) io.exitCode = 1;
}

function pick(embedded: Embedded, dataDir: string): Started {
  const { issuer, oktaUrl, passwordApiUrl, adminKeyFile, users } = embedded;
  return { issuer, oktaUrl, passwordApiUrl, adminKeyFile, dataDir, users };
}

/** The background program answers with one line of JSON: what it started, or its error. */
/** What the background program may say of a start that is the person's to mend. */
const startCodes = ['port-taken', 'malformed', 'unreadable', 'unwritable', 'usage', 'locked'] as const;

function toStarted(line: string): Started {
  const data = JSON.parse(line) as Started & {
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | null };
  };
  if (data.error === undefined) return data;
  const { code, message, hint } = data.error;
  const known = startCodes.find((one) => one === code) ?? 'internal';
  throw new AgentIdError(known, message, typeof hint === 'string' ? { hint } : {});
}

async function report(started: Started, format: 'text' | 'json', io: Io): Promise<void> {
  if (format === 'json') {
    const { issuer, oktaUrl, passwordApiUrl, adminKeyFile, dataDir, users } = started;
    const data = { issuer, oktaUrl, passwordApiUrl, adminKeyFile, dataDir, users };
    io.stdout(`${JSON.stringify({ ...envelope, ...data })}\n`);
    return;
  }
  io.stdout(`issuer        ${started.issuer}\n`);
  io.stdout(`Okta-shaped   ${started.oktaUrl}\n`);
  io.stdout(`Password API  ${started.passwordApiUrl}\n`);
  for (const { id, password } of started.users) {
    if (password === null) io.stderr(`${id} signs in with the password that the first start showed.\n`);
    else io.stderr(`${id} signs in with the password ${password} (shown once; only a hash is kept)\n`);
  }
  io.stderr(`To trust it: agent-id idp add local --type embedded${await dataFlag(started.dataDir, io)}\n`);
}
