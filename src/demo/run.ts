import { mkdtempSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { startEmbedded, type Embedded } from '../idp/embedded/index.ts';
import { openCli } from './cli.ts';
import { buildGo, makeBarePath, type World } from './consumers.ts';
import { findTools, writeEstate } from './estate.ts';
import type { DemoKeycloak } from './keycloak/demo.ts';
import { createStage, type Stage } from './stage.ts';
import { after, audit, before, find, keyAlone, migrate, retire, revoke, signIn, type Cast } from './story.ts';

export interface DemoPaths {
  /** The estate's templates. */
  readonly templates: string;
  /** `bin/agent-id.cjs`. */
  readonly program: string;
}

export type DemoIdp = 'embedded' | 'keycloak';

/** Where identities live in this demo. */
interface Setting {
  readonly trust: (embedded: Embedded) => readonly string[];
  readonly userX: (embedded: Embedded) => { readonly name: string; readonly password: Secret };
  readonly retires: boolean;
}

/** Tells the whole story on a made-up estate; each claim is checked by a real call. Leaves the folder, stops everything. */
export async function runDemo(io: Io, paths: DemoPaths, idp: DemoIdp = 'embedded'): Promise<void> {
  const keycloak =
    idp === 'keycloak' ? await (await import('./keycloak/demo.ts')).openKeycloak(io) : undefined;
  try {
    await runIn(io, paths, keycloak);
  } finally {
    await keycloak?.stop();
  }
}

async function runIn(io: Io, paths: DemoPaths, keycloak: DemoKeycloak | undefined): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agent-id-demo-')));
  const stage = createStage(io.stdout);
  io.stdout(
    'agent-id demo: a team with one OKTA_API_TOKEN in three services, a pipeline, a .env and a forgotten cron job.\n',
  );
  io.stdout(`Everything happens in ${folder} and on 127.0.0.1.\n`);
  const embedded = await startEmbedded({
    dataDir: join(folder, 'state', 'embedded-idp'),
    clock: io.clock,
    ...(keycloak === undefined ? {} : { tokensOf: keycloak.tokens }),
  });
  try {
    await keycloak?.admit(embedded);
    await tell(embedded, folder, { stage, paths, setting: keycloak ?? ownSetting });
  } finally {
    await embedded.stop();
  }
  finish(stage, folder, io);
}

async function tell(
  embedded: Embedded,
  folder: string,
  { stage, paths, setting }: { readonly stage: Stage; readonly paths: DemoPaths; readonly setting: Setting },
): Promise<void> {
  const root = join(folder, 'acme');
  mkdirSync(root);
  const tools = findTools();
  const { token } = await embedded.createApiToken('legacy automation');
  writeEstate(paths.templates, root, { oktaUrl: embedded.oktaUrl, token: token.open() }, tools);
  const cli = openCli(paths.program, folder, root);
  const world: World = {
    root,
    env: cli.env,
    barePath: makeBarePath(folder, tools),
    tools,
    ciSecrets: { OKTA_API_TOKEN: token.open() },
  };
  const cast: Cast = {
    stage,
    cli,
    world,
    idpName: 'sandbox',
    trust: setting.trust(embedded),
    retires: setting.retires,
    userX: setting.userX(embedded),
    callWithOldToken: async () => {
      const response = await fetch(`${embedded.oktaUrl}/api/v1/users?limit=1`, {
        headers: { authorization: `SSWS ${token.open()}` },
      });
      await response.arrayBuffer();
      return response.status;
    },
  };
  await play(cast, tools.go ? buildGo(world) : Promise.resolve(undefined));
  claimSilence(stage, folder, [token, cast.userX.password]);
}

const ownSetting: Setting = {
  trust: ({ issuer }) => ['--type', 'embedded', '--issuer', issuer],
  userX: ({ users }) => {
    const { id, password } = users.find((user) => user.id === 'user-x') ?? {};
    if (id === undefined || password == null) throw new AgentIdError('internal', 'the sandbox has no user-x');
    return { name: id, password: new Secret(password) };
  },
  retires: true,
};

/** What a person may copy into a ticket: this transcript and the audit log. */
function claimSilence(stage: Stage, folder: string, secrets: readonly Secret[]): void {
  const log = readFileSync(join(folder, 'state', 'audit', 'log.jsonl'), 'utf8');
  const texts = [stage.printed(), log];
  stage.claim(
    'neither this transcript nor the audit log holds the old token or the password',
    !secrets.some((secret) => texts.some((text) => text.includes(secret.open()))),
  );
}

async function play(cast: Cast, goBuilt: Promise<string | undefined>): Promise<void> {
  const runnable = await before(cast, goBuilt);
  await find(cast);
  await migrate(cast);
  const subject = await signIn(cast);
  if (subject === undefined) return;
  await after(cast, runnable, subject);
  await audit(cast, runnable);
  await keyAlone(cast);
  await revoke(cast, runnable, subject);
  if (cast.retires) await retire(cast, runnable, subject);
  else
    cast.stage.skip('retiring the old token: this provider does not hold it, so that its owner revokes it');
}

function finish(stage: Stage, folder: string, io: Io): void {
  const failed = stage.failed();
  io.stdout(
    `\n${stage.claims() - failed.length} of ${stage.claims()} claims held. Nothing is left running.\n`,
  );
  io.stdout(`\nLook at it: ${folder}\n`);
  io.stdout('  acme/                      the repository after the migration: git diff shows what changed\n');
  io.stdout('  acme/agent-id.lock.json    which agent is which application, with evidence\n');
  io.stdout('  state/audit/log.jsonl      who did what for whom\n');
  io.stdout(
    '\nTry your own: npm start -- scan PATH, then npm start -- map PATH. Neither changes anything.\n',
  );
  if (failed.length > 0) {
    io.exitCode = 1;
    io.stderr(`${failed.length} claim(s) did not hold:\n${failed.map((claim) => `  ${claim}\n`).join('')}`);
  }
}
