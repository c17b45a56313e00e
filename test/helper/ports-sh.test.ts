import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify.ts';
import { run, type Ran } from './run.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let subjectFile: string;

beforeAll(async () => {
  world = await startWorld();
  await world.vendor();
  await copyFile(
    join(import.meta.dirname, '../../src/helper/ports/helper.sh'),
    join(world.service, 'agent-id/helper.sh'),
  );
  for (const folder of ['node', 'empty']) await mkdir(join(world.home, folder));
  await symlink(process.execPath, join(world.home, 'node/node'));
  subjectFile = join(world.home, 'subject');
  await writeFile(subjectFile, world.fake.subject('user-x'), { mode: 0o600 });
});

afterAll(() => world.stop());

function shell(path: string, ...words: readonly string[]): Promise<Ran> {
  const env = {
    AGENT_ID_HOME: world.home,
    PATH: join(world.home, path),
    AGENT_ID_SUBJECT_TOKEN_FILE: subjectFile,
  };
  return run('/bin/sh', ['agent-id/helper.sh', ...words], { cwd: world.service, env });
}

describe('helper.sh where agent-id is not installed', () => {
  it('asks helper.mjs beside it, for the user or as itself', async () => {
    const ran = await shell('node', 'password-reset', 'password-api', 'okta.users.manage');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^Bearer \S+\n$/);
    expect(world.fake.seen.at(-1)?.form.get('grant_type')).toContain('token-exchange');
    expect(await shell('node', '--as-agent', 'password-reset', 'password-api')).toMatchObject({ code: 0 });
    expect(world.fake.seen.at(-1)?.form.get('grant_type')).toBe('client_credentials');
    expect(await verifyAudit(world.paths)).toMatchObject({ state: 'intact', entries: 2 });
  });

  it('says what to do where Node is not there either', async () => {
    const seen = world.fake.seen.length;
    const ran = await shell('empty', 'password-reset', 'password-api');
    expect(ran).toMatchObject({ code: 127, stdout: '' });
    expect(ran.stderr).toMatch(/^agent-id: the command agent-id is not there: .*AGENT_ID_COMMAND\n$/);
    expect(world.fake.seen).toHaveLength(seen);
  });
});
