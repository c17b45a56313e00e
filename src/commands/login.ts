import type { Command } from 'commander';
import type { SignIn } from '../helper/sign-in.ts';
import type { TrustedIdp } from '../idp/types.ts';
import type { Io } from '../lib/io.ts';
import type { StatePaths } from '../lib/state.ts';
import type { AuditAction } from '../model/audit-entry.ts';

interface IdpOption {
  readonly idp?: string;
}

interface LoginOptions extends IdpOption {
  readonly device?: boolean;
  readonly browser: boolean;
}

interface WhoamiOptions extends IdpOption {
  readonly format: string;
}

const PATIENCE_MS = 5 * 60_000;

/** Declares `agent-id login`. */
export function addLogin(program: Command, io: Io): void {
  program
    .command('login')
    .description('Sign in as the user on whose behalf agents act.')
    .option('--idp <name>', 'trusted identity provider (default: that of AGENT_ID_ISSUER, or the only one)')
    .option('--device', 'show a code to type on any device')
    .option('--no-browser', 'only show the address, open nothing')
    .action((options: LoginOptions) => runLogin(options, io));
}

/** Declares `agent-id logout`. */
export function addLogout(program: Command, io: Io): void {
  program
    .command('logout')
    .description('End the session of login, here and at the identity provider.')
    .option('--idp <name>', 'trusted identity provider (default: that of AGENT_ID_ISSUER, or the only one)')
    .action((options: IdpOption) => runLogout(options, io));
}

/** Declares `agent-id whoami`. */
export function addWhoami(program: Command, io: Io): void {
  program
    .command('whoami')
    .description('Say who is signed in, and what holds the keys of agents on this machine.')
    .option('--idp <name>', 'trusted identity provider (default: that of AGENT_ID_ISSUER, or the only one)')
    .option('--format <format>', 'text or json', 'text')
    .action((options: WhoamiOptions) => runWhoami(options, io));
}

async function runLogin(options: LoginOptions, io: Io): Promise<void> {
  const [{ signInWithBrowser, signInWithDevice }, { writeSession }, { createHttp }, { openBrowser }] =
    await Promise.all([
      import('../helper/sign-in.ts'),
      import('../lib/session.ts'),
      import('../lib/http.ts'),
      import('../lib/child.ts'),
    ]);
  const { trust, paths } = await readTrust(options, io);
  const opens = io.interactive && options.browser && options.device !== true;
  const signIn: SignIn = {
    trust,
    http: createHttp({ clock: io.clock }),
    clock: io.clock,
    timeoutMs: PATIENCE_MS,
    scopes: await readScopes(trust, io),
    show: ({ url, code }) => {
      io.stderr(`Open this page to sign in:\n  ${url}\n`);
      if (code !== null) io.stderr(`and compare this code:\n  ${code}\n`);
      if (opens) openBrowser(url);
    },
  };
  const session = await (options.device === true ? signInWithDevice(signIn) : signInWithBrowser(signIn));
  await writeSession(paths, session);
  await audit('login', { user: session.user, trust, paths }, io);
  io.stderr(`Signed in as ${session.user} at ${trust.name}.\n`);
}

/** The agents of this repository are those for which the sign-in is. */
async function readScopes(trust: TrustedIdp, io: Io): Promise<readonly string[]> {
  const [{ findUp }, { lockName, readLock }, { toSignInScopes }] = await Promise.all([
    import('../lib/find-up.ts'),
    import('../lib/lock-file.ts'),
    import('../idp/sign-in-scopes.ts'),
  ]);
  const root = await findUp(io.cwd, lockName);
  return root === undefined ? [] : toSignInScopes(trust, Object.values((await readLock(root)).agents));
}

async function runLogout(options: IdpOption, io: Io): Promise<void> {
  const [{ revokeSession }, { deleteSession, readSession }, { createHttp }] = await Promise.all([
    import('../helper/session.ts'),
    import('../lib/session.ts'),
    import('../lib/http.ts'),
  ]);
  const { trust, paths } = await readTrust(options, io);
  const session = await readSession(paths, trust.name);
  if (session === undefined) {
    io.stderr(`Nobody is signed in at ${trust.name}.\n`);
    return;
  }
  const revoked = await revokeSession(session, trust, {
    http: createHttp({ clock: io.clock }),
    clock: io.clock,
  });
  await deleteSession(paths, trust.name);
  await audit('logout', { user: session.user, trust, paths }, io);
  io.stderr(`Signed out ${session.user}.\n`);
  if (!revoked) io.stderr('The identity provider was not told: the session there ends by itself.\n');
}

async function runWhoami(options: WhoamiOptions, io: Io): Promise<void> {
  const [{ notSignedIn, readSession }, { toTimestamp }] = await Promise.all([
    import('../lib/session.ts'),
    import('../lib/clock.ts'),
  ]);
  const { trust, paths } = await readTrust(options, io);
  const session = await readSession(paths, trust.name);
  const ended = session !== undefined && session.refreshToken === null && session.expiresAt <= io.clock();
  if (session === undefined || ended) throw notSignedIn(trust.name);
  const { user, idp, issuer, expiresAt, refreshToken } = session;
  const keys = await readKeysHere(paths, io);
  if (options.format === 'json') {
    const { envelope } = await import('../output/version.ts');
    const data = {
      user,
      idp,
      issuer,
      expiresAt: toTimestamp(expiresAt),
      renewable: refreshToken !== null,
      keys,
    };
    io.stdout(`${JSON.stringify({ ...envelope, ...data }, null, 2)}\n`);
    return;
  }
  io.stdout(`${user} at ${idp} (${issuer})\n`);
  for (const { agent, store } of keys) io.stderr(`${agent} has a key here, held by ${store}.\n`);
}

interface KeyHere {
  readonly agent: string;
  readonly thumbprint: string;
  readonly store: string;
}

/** The agents of this repository that this machine has a key of. */
async function readKeysHere(paths: StatePaths, io: Io): Promise<readonly KeyHere[]> {
  const [{ findUp }, { lockName, readLock }, { agentKeyFile, readStoredKey }] = await Promise.all([
    import('../lib/find-up.ts'),
    import('../lib/lock-file.ts'),
    import('../lib/keys.ts'),
  ]);
  const root = await findUp(io.cwd, lockName);
  const agents = root === undefined ? [] : Object.keys((await readLock(root)).agents);
  const found = agents.map(async (agent) => {
    const stored = await readStoredKey(agentKeyFile(paths, agent), agent);
    return stored === undefined ? [] : [{ agent, thumbprint: stored.key.kid, store: stored.store }];
  });
  return (await Promise.all(found)).flat();
}

interface Trusted {
  readonly trust: TrustedIdp;
  readonly paths: StatePaths;
}

async function readTrust(options: IdpOption, io: Io): Promise<Trusted> {
  const [{ chosenIdp }, { statePaths }] = await Promise.all([
    import('../idp/trust.ts'),
    import('../lib/state.ts'),
  ]);
  const paths = statePaths(io.env);
  return { trust: await chosenIdp(paths, options.idp, io.env['AGENT_ID_ISSUER']), paths };
}

async function audit(
  action: AuditAction & ('login' | 'logout'),
  { user, trust, paths }: Trusted & { readonly user: string },
  io: Io,
): Promise<void> {
  const [{ appendAudit }, { toTimestamp }] = await Promise.all([
    import('../audit/log.ts'),
    import('../lib/clock.ts'),
  ]);
  await appendAudit(paths, {
    action,
    time: toTimestamp(io.clock()),
    agent: null,
    user,
    asItself: false,
    resource: { uri: trust.issuer, displayName: trust.name },
    operation: action,
    scopes: [],
    result: 'ok',
    reason: null,
    jti: null,
  });
}
