import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;
const retire = ['retire', 'OKTA_API_TOKEN', '--yes'];

beforeAll(async () => {
  world = await openWorld();
  expect(await callWithOldToken()).toBe(200);
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  const migrated = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes']);
  expect([migrated.code, migrated.stderr]).toEqual([0, expect.stringContaining('6 agents')]);
  verifyAll();
});

afterAll(() => world.close());

async function callWithOldToken(): Promise<number> {
  const headers = { authorization: `SSWS ${world.token.open()}` };
  const response = await fetch(`${world.embedded.oktaUrl}/api/v1/users?limit=1`, { headers });
  await response.arrayBuffer();
  return response.status;
}

interface Lock {
  agents: Record<string, { consumers: { state: string; verifiedAt?: string }[] }>;
  secrets: Record<string, { handle: string | null }>;
}

function changeLock(change: (lock: Lock) => void): void {
  const path = join(world.root, 'agent-id.lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
  change(lock);
  writeFileSync(path, JSON.stringify(lock, null, 2));
}

/** Only some of the estate's consumers run here without a user: the others count as moved already. */
function verifyAll(): void {
  changeLock((lock) => {
    for (const { consumers } of Object.values(lock.agents))
      for (const consumer of consumers) {
        consumer.state = 'retired';
        consumer.verifiedAt = new Date().toISOString();
      }
  });
}

describe('retire', () => {
  it('refuses while somebody goes on to use the secret after all consumers moved', async () => {
    await new Promise((done) => setTimeout(done, 2_100));
    expect(await callWithOldToken()).toBe(200);
    const { code, stdout } = await world.run(retire);
    expect([code, stdout]).toEqual([1, expect.stringContaining('somebody else may hold it')]);
    expect(await callWithOldToken()).toBe(200);
  });
});

describe('retire --quiet-for', () => {
  it('refuses while the provider tells of a use within that time, and names the moment', async () => {
    const { code, stdout } = await world.run([...retire, '--quiet-for', '1h']);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/last used at \d{4}-\d\d-\d\dT[\d:]+Z, within/),
    ]);
    expect(await callWithOldToken()).toBe(200);
    const json = await world.run([...retire, '--quiet-for', '7d', '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      retired: false,
      blockers: [expect.stringContaining('last used')],
    });
  });

  it('takes no text that is no duration', async () => {
    const { code, stderr } = await world.run([...retire, '--quiet-for', 'a while']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('error[usage]')]);
  });

  it('says that it cannot be known where the secret is bound to no id, and what to do', async () => {
    let handle: string | null = null;
    changeLock(({ secrets }) => {
      for (const secret of Object.values(secrets)) [handle, secret.handle] = [secret.handle, null];
    });
    const { code, stdout } = await world.run([...retire, '--quiet-for', '1s']);
    expect([code, stdout]).toEqual([1, expect.stringContaining('cannot be known')]);
    expect(stdout).toContain("look for it in the provider's log");
    changeLock(({ secrets }) => {
      for (const secret of Object.values(secrets)) secret.handle = handle;
    });
  });

  it('revokes it once it was quiet', async () => {
    await new Promise((done) => setTimeout(done, 2_100));
    const { code, stdout } = await world.run([...retire, '--quiet-for', '2s']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('is revoked at the provider')]);
    expect(await callWithOldToken()).toBe(401);
  });
});
