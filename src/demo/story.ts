import { Secret } from '../model/secret.ts';
import { readSession } from '../lib/session.ts';
import { statePaths } from '../lib/state.ts';
import { browse } from './browser.ts';
import type { Cli } from './cli.ts';
import {
  askReset,
  buildGo,
  buildTypeScript,
  callMcp,
  runCron,
  runWorkflow,
  services,
  type ServiceKind,
  type World,
} from './consumers.ts';
import type { Service } from './processes.ts';
import type { Stage } from './stage.ts';

/** What the story is told with. */
export interface Cast {
  readonly stage: Stage;
  readonly cli: Cli;
  readonly world: World;
  readonly idpName: string;
  /** What `idp add NAME` takes. */
  readonly trust: readonly string[];
  /** Whether the provider itself can revoke the old token. */
  readonly retires: boolean;
  readonly userX: { readonly name: string; readonly password: Secret };
  /** Calls the Okta-shaped API with the old static token. Gives the HTTP status. */
  readonly callWithOldToken: () => Promise<number>;
}

/** Which services this machine can run. */
export interface Runnable {
  readonly kinds: readonly ServiceKind[];
}

export async function before(cast: Cast, goBuilt: Promise<string | undefined>): Promise<Runnable> {
  const { stage, world, userX } = cast;
  const { tools } = world;
  stage.title('Before: one static token, six consumers');
  const why = await buildTypeScript(world.root);
  if (why !== undefined) stage.skip(`password-reset (TypeScript): ${why}`);
  if (!tools.python) stage.skip('helpdesk (Python): no python3 here');
  if (!tools.go) stage.skip('onboarding (Go): no go here');
  const goWhy = tools.go ? await goBuilt : 'no go here';
  if (tools.go && goWhy !== undefined) stage.skip(`onboarding (Go): it does not build here: ${goWhy}`);
  const kinds = services.filter(({ name }) => {
    if (name === 'password-reset') return why === undefined;
    return name === 'helpdesk' ? tools.python : goWhy === undefined;
  });
  for (const kind of kinds) {
    await withService(kind, world, async (service) => {
      const answer = await askReset(service, userX.name);
      stage.claim(
        `${kind.name} (${kind.language}) resets a password with the static token`,
        answer.status === 200,
        answer.body,
      );
    });
  }
  await scripts(cast, 'with the static token');
  return { kinds };
}

async function scripts(cast: Cast, how: string): Promise<void> {
  const { stage, world, userX } = cast;
  const { tools } = world;
  if (tools.curl) {
    const cron = await runCron(world);
    stage.claim(
      `the cron line lists users ${how}`,
      cron.code === 0 && cron.stdout.includes('"profile"'),
      cron.stderr,
    );
    const ci = await runWorkflow(world);
    stage.claim(
      `the pipeline lists groups ${how}`,
      ci.code === 0 && ci.stdout.includes('"profile"'),
      ci.stderr,
    );
  } else stage.skip('the cron line and the pipeline: no curl here');
  const mcp = await callMcp(world, userX.name);
  stage.claim(`the MCP server looks up a user ${how}`, mcp.includes('"isError":false'), mcp);
}

export async function find({ stage, cli }: Cast): Promise<void> {
  stage.title('Find it, and everything that consumes it');
  const scan = await cli.run(['scan', '--exit-zero']);
  stage.show('agent-id scan', scan.stdout, 14);
  stage.claim(
    'scan finds the token and its uses',
    scan.code === 0 && scan.stdout.includes('okta-api-token'),
    scan.stderr,
  );
  const map = await cli.run(['map', '--secret', 'OKTA_API_TOKEN']);
  stage.show('agent-id map --secret OKTA_API_TOKEN', map.stdout);
  const names = ['password-reset', 'helpdesk', 'onboarding', 'sync-groups', 'inactive-users', 'directory'];
  const missing = names.filter((name) => !map.stdout.includes(name));
  stage.claim('map names all six consumers', missing.length === 0, `missing ${missing.join(', ')}`);
}

export async function migrate(cast: Cast): Promise<void> {
  const { stage, cli, idpName, trust } = cast;
  stage.title('Give each its own identity, and rewrite it');
  const add = await cli.run(['idp', 'add', idpName, ...trust]);
  stage.claim(
    'the identity provider is trusted by the person, not by the repository',
    add.code === 0,
    add.stderr,
  );
  const migrated = await cli.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--idp', idpName, '--yes']);
  stage.show(
    `agent-id migrate --secret OKTA_API_TOKEN --idp ${idpName} --yes`,
    `${migrated.stdout}\n${migrated.stderr}`,
    90,
  );
  stage.claim('the migration is done', migrated.code === 0, migrated.stderr);
  const enroll = await cli.run(['agents', 'enroll', 'sync-groups', '--name', 'ci-runner']);
  stage.claim('the CI runner (this machine plays it) enrols its own key', enroll.code === 0, enroll.stderr);
}

/** Signs user-x in through the real pages, by HTTP. */
export async function signIn(cast: Cast): Promise<Secret | undefined> {
  const { stage, cli, idpName, userX } = cast;
  stage.title('user-x signs in, and consents to these agents');
  let seen = '';
  let browsing: Promise<unknown> | undefined;
  const login = await cli.run(['login', '--idp', idpName, '--no-browser'], {
    onStderr: (text) => {
      seen += text;
      const url = /https?:\/\/\S+/.exec(seen)?.[0];
      if (url !== undefined && seen.includes('\n')) {
        browsing ??= browse(url, { name: userX.name, password: userX.password.open() }).catch(
          (error: unknown) => error,
        );
      }
    },
  });
  const problem = await browsing;
  stage.claim(
    'user-x is signed in (authorization code with PKCE, two real pages)',
    login.code === 0,
    `${login.stderr} ${problem instanceof Error ? problem.message : ''}`,
  );
  const session = await readSession(statePaths(cli.env), idpName);
  return session === undefined ? undefined : new Secret(session.accessToken.open());
}

export async function after(cast: Cast, { kinds }: Runnable, subject: Secret): Promise<void> {
  const { stage, world, userX } = cast;
  stage.title('After: five-minute tokens on behalf of user-x');
  await buildTypeScript(world.root);
  if (kinds.some((kind) => kind.name === 'onboarding')) {
    const why = await buildGo(world);
    stage.claim('the rewritten Go service builds', why === undefined, why);
  }
  for (const kind of kinds) {
    const bare =
      kind.native && world.barePath !== undefined ? '; its PATH has neither node nor agent-id' : '';
    await withService(kind, world, async (service) => {
      const answer = await askReset(service, userX.name, subject.open());
      stage.claim(
        `${kind.name} resets user-x's password on behalf of user-x${bare}`,
        answer.status === 200,
        answer.body,
      );
      const alone = await askReset(service, userX.name);
      stage.claim(`${kind.name} without a user can do nothing`, alone.status >= 400, alone.body);
    });
  }
  await scripts(cast, 'with a five-minute token');
}

export async function audit({ stage, cli }: Cast, { kinds }: Runnable): Promise<void> {
  stage.title('Who did what, for whom');
  const show = await cli.run(['audit', 'show']);
  const lines = show.stdout.split('\n').filter((line) => line.includes('accessed'));
  stage.show('agent-id audit show', lines.join('\n'), 12);
  for (const kind of kinds) {
    const name = kind.name
      .split('-')
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join('-');
    const sentence = `${name} Agent accessed the Password API on behalf of user-x`;
    stage.claim(
      `"${sentence}"`,
      lines.some((line) => line.includes(sentence)),
      show.stderr,
    );
  }
  stage.claim(
    'the pipeline acted as itself',
    lines.some((line) => line.includes('Sync-Groups Agent accessed the Password API as itself')),
  );
  const verify = await cli.run(['audit', 'verify']);
  stage.claim('the log is intact', verify.code === 0, verify.stdout + verify.stderr);
}

/** An agent's key by itself is worth nothing: it has no grant of its own. */
export async function keyAlone({ stage, cli }: Cast): Promise<void> {
  stage.title('An agent that is stolen, and one that misbehaves');
  const alone = await cli.run([
    'token',
    '--agent',
    'password-reset',
    '--resource',
    'password-api',
    '--as-agent',
  ]);
  stage.claim(
    "an agent's key alone, without a user, yields nothing",
    alone.code === 2 && alone.stdout === '',
    alone.stdout,
  );
  stage.show('agent-id token --agent password-reset --resource password-api --as-agent', alone.stderr);
}

export async function revoke(cast: Cast, { kinds }: Runnable, subject: Secret): Promise<void> {
  const { stage, cli, world, userX } = cast;
  const [victim, ...others] = kinds;
  if (victim === undefined) return;
  const running = await Promise.all(kinds.map((kind) => kind.start(world)));
  try {
    for (const service of running) await askReset(service, userX.name, subject.open());
    const revoked = await cli.run(['agents', 'revoke', victim.agent]);
    stage.show(`agent-id agents revoke ${victim.agent}`, revoked.stderr);
    const answers = await Promise.all(
      running.map((service) => askReset(service, userX.name, subject.open())),
    );
    stage.claim(
      `${victim.name} fails at once, with the token it still holds`,
      (answers[0]?.status ?? 0) >= 400,
      answers[0]?.body,
    );
    for (const [n, other] of others.entries()) {
      stage.claim(`${other.name} goes on`, answers[n + 1]?.status === 200, answers[n + 1]?.body);
    }
    const denied = await cli.run(['token', '--agent', victim.agent, '--resource', 'password-api']);
    stage.show(`agent-id token --agent ${victim.agent} --resource password-api`, denied.stderr);
    stage.claim('and says why', denied.code === 2 && denied.stderr.includes('revoked'), denied.stderr);
    await cli.run(['agents', 'restore', victim.agent]);
  } finally {
    await Promise.all(running.map((service) => service.stop()));
  }
}

export async function retire(cast: Cast, { kinds }: Runnable, subject: Secret): Promise<void> {
  const { stage, cli, world, userX } = cast;
  stage.title('Retire the old token');
  const status = await cli.run(['migrate', '--status']);
  stage.show('agent-id migrate --status', status.stdout);
  const impact = await cli.run(['map', '--secret', 'OKTA_API_TOKEN', '--impact']);
  stage.claim('nothing depends on it any more (map --impact)', impact.code === 0, impact.stdout);
  stage.claim('it still works until it is revoked', (await cast.callWithOldToken()) === 200);
  const seen = await cli.run(['retire', 'OKTA_API_TOKEN', '--yes']);
  stage.show('agent-id retire OKTA_API_TOKEN --yes', seen.stdout + seen.stderr);
  stage.claim(
    'retire refuses: somebody used it after the move. It was this demo, just now',
    seen.code === 1 && (await cast.callWithOldToken()) === 200,
    seen.stderr,
  );
  const retired = await cli.run(['retire', 'OKTA_API_TOKEN', '--yes', '--quiet-for', '0s']);
  stage.show('agent-id retire OKTA_API_TOKEN --yes --quiet-for 0s', retired.stdout + retired.stderr);
  stage.claim('retire revokes it by the id that the plan bound', retired.code === 0, retired.stderr);
  stage.claim('the old token is dead', (await cast.callWithOldToken()) === 401);
  for (const kind of kinds) {
    await withService(kind, world, async (service) => {
      const answer = await askReset(service, userX.name, subject.open());
      stage.claim(`${kind.name} still works`, answer.status === 200, answer.body);
    });
  }
  await scripts(cast, 'after the old token is gone');
}

async function withService(
  kind: ServiceKind,
  world: World,
  task: (service: Service) => Promise<void>,
): Promise<void> {
  const service = await kind.start(world);
  try {
    await task(service);
  } finally {
    await service.stop();
  }
}
