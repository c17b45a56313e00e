import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCiIssuer, type CiIssuer } from '../idp/ci-issuer.ts';
import { startForeignServer, type ForeignServer } from '../idp/foreign-server.ts';
import { openWorld, type Ran, type World } from './world.ts';

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the job's steps as a fresh runner does: the checked-out tree and Node; nothing installed, no state, no secret, no key. */
async function runJob(root: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const text = readFileSync(join(root, '.github/workflows/sync-groups.yml'), 'utf8');
  expect(text).not.toContain('secrets.');
  const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> };
  const home = mkdtempSync(join(root, '..', 'runner-'));
  const base = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, ...env };
  let last: Ran = { code: 0, stdout: '', stderr: '' };
  for (const step of jobs['sync-groups']?.steps ?? []) {
    if (step.run === undefined) continue;
    last = await runStep(root, step.run, { ...base, ...step.env });
    if (last.code !== 0) return last;
  }
  return last;
}

function runStep(cwd: string, script: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn('/bin/sh', ['-e', '-c', script], { cwd, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'];
const enroll = (ci: CiIssuer) =>
  `agents enroll sync-groups --ci ${ci.issuer} --claim repository_id=4711 --claim ref=refs/heads/main`.split(
    ' ',
  );

describe('a migrated CI job, by the token of its platform', () => {
  let world: World;
  let ci: CiIssuer;
  let issuer: Readonly<Record<string, string>>;

  beforeAll(async () => {
    [world, ci] = await Promise.all([openWorld(), startCiIssuer()]);
    // The workflow names it itself.
    issuer = {};
    expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
    expect((await world.run(migrate)).code).toBe(0);
  });

  afterAll(async () => {
    await Promise.all([world.close(), ci.stop()]);
  });

  it('is rewritten so that it needs nothing on the runner: permissions, issuer, vendored helper', () => {
    const text = readFileSync(join(world.root, '.github/workflows/sync-groups.yml'), 'utf8');
    const { jobs, permissions } = parse(text) as {
      permissions: object;
      jobs: Record<string, { permissions: object; steps: Step[] }>;
    };
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs['sync-groups']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const step = jobs['sync-groups']?.steps.at(-1);
    expect(step?.env).toMatchObject({ AGENT_ID_ISSUER: world.embedded.issuer });
    expect(step?.run).toMatch(/^node agent-id\/helper\.mjs exec --agent sync-groups --as-agent /);
  });

  it('is nobody before its platform was enrolled', async () => {
    const job = await runJob(world.root, { ...issuer, ...ci.githubEnv });
    expect(job.code).not.toBe(0);
    expect(job.stderr).toContain('no job of this issuer is registered as the agent');
  });

  it('works with no key and no secret, as GitHub Actions and as GitLab give it', async () => {
    const enrolled = await world.run(enroll(ci));
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.stringContaining('no key lies there')]);
    const job = await runJob(world.root, { ...issuer, ...ci.githubEnv });
    expect(job.stderr).toBe('');
    expect(JSON.parse(job.stdout)).toContainEqual(expect.objectContaining({ type: 'OKTA_GROUP' }));
    expect(ci.asked.every((audience) => audience === world.embedded.issuer)).toBe(true);
    const gitlab = await runJob(world.root, {
      ...issuer,
      AGENT_ID_CI_TOKEN: await ci.sign(world.embedded.issuer),
    });
    expect([gitlab.code, gitlab.stdout]).toEqual([0, job.stdout]);
    const status = await world.run(['migrate', '--status']);
    expect(status.stdout).toMatch(/^verified {3}Sync-Groups Agent/m);
  });

  it.each([
    ['another branch', { ref: 'refs/heads/evil' }, 'another than is registered: ref'],
    [
      'another repository of the same name',
      { repository_id: '666' },
      'another than is registered: repository_id',
    ],
    ['a job whose token has ended', { exp: Math.floor(Date.now() / 1000) - 60 }, 'not accepted'],
  ])('is refused to %s', async (_who, claims, why) => {
    const token = await ci.sign(world.embedded.issuer, claims);
    const job = await runJob(world.root, { ...issuer, AGENT_ID_CI_TOKEN: token });
    expect(job.code).not.toBe(0);
    expect(job.stderr).toContain(why);
    expect(job.stderr).not.toContain(token);
  });

  it('is refused with a token that is for others too, or that another issuer signed', async () => {
    const wide = await ci.sign([world.embedded.issuer, 'https://cloud.example']);
    const job = await runJob(world.root, { ...issuer, AGENT_ID_CI_TOKEN: wide });
    expect([job.code === 0, job.stderr]).toEqual([false, expect.stringContaining('for others too')]);
    const other = await startCiIssuer();
    const forged = await runJob(world.root, { ...issuer, ...other.githubEnv });
    expect([forged.code === 0, forged.stderr]).toEqual([
      false,
      expect.stringContaining('no job of this issuer'),
    ]);
    await other.stop();
  });

  it('stops at once when the agent is revoked', async () => {
    expect((await world.run(['agents', 'revoke', 'sync-groups'])).code).toBe(0);
    const job = await runJob(world.root, { ...issuer, ...ci.githubEnv });
    expect([job.code === 0, job.stderr]).toEqual([false, expect.stringContaining('agent revoked')]);
  });

  it('needs a claim that nobody else can have', async () => {
    const line = ['agents', 'enroll', 'sync-groups', '--ci', ci.issuer, '--claim', 'repository=acme/estate'];
    const { code, stderr } = await world.run(line);
    expect([code, stderr]).toEqual([2, expect.stringContaining('error[usage]')]);
  });
});

describe('the same at a standard server that somebody else runs (type oidc)', () => {
  let world: World;
  let ci: CiIssuer;
  let server: ForeignServer;

  beforeAll(async () => {
    [world, ci, server] = await Promise.all([openWorld(), startCiIssuer(), startForeignServer()]);
    const scopes = 'okta.users.read,okta.users.manage,okta.groups.read';
    const line = `idp add acme --type oidc --issuer ${server.issuer} --secret-stdin --resource directory=${server.api}#${scopes}`;
    const fronts = ['--fronts', `directory=okta@${world.embedded.oktaUrl}`];
    const added = await world.run([...line.split(' '), ...fronts], server.initialAccessToken);
    expect([added.code, added.stderr]).toEqual([0, expect.stringContaining('acme is trusted')]);
  });

  afterAll(async () => {
    await Promise.all([world.close(), ci.stop(), server.stop()]);
  });

  it('migrates, says what the administrator must enter, and the job runs once it is entered', async () => {
    const migrated = await world.run(migrate);
    expect([migrated.stderr, migrated.code]).toEqual([
      expect.stringContaining('6 agents'),
      expect.any(Number),
    ]);
    const byHand = await world.run(enroll(ci));
    expect([byHand.code, byHand.stderr]).toEqual([2, expect.stringContaining('error[unsupported]')]);
    const clientId = /for the client (\S+), assertions of (\S+), repository_id=4711/.exec(byHand.stderr)?.[1];
    server.trust({ clientId: clientId ?? '', issuer: ci.issuer, sub: String(ci.claims['sub']) });
    const env = { AGENT_ID_ISSUER: server.issuer, ...ci.githubEnv };
    const job = await runJob(world.root, env);
    expect([job.stderr, job.code]).toEqual(['', 0]);
    expect(JSON.parse(job.stdout)).toEqual([{ id: 'g1', caller: clientId, scope: 'okta.groups.read' }]);
    ci.claims = { ...ci.claims, sub: 'repo:acme/estate:ref:refs/heads/evil' };
    const other = await runJob(world.root, env);
    expect([other.code === 0, other.stderr]).toEqual([false, expect.stringContaining('denied')]);
  });
});
