import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/model/agent.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let lockFile: string;

interface Shown {
  readonly agent: {
    readonly id: string;
    readonly status: string;
    readonly ownerEvidence: { readonly who: string; readonly evidence: string } | null;
    readonly drift: {
      readonly unused: readonly string[];
      readonly missing: readonly { scope: string }[];
    } | null;
    readonly usage: {
      readonly lastUsed: string | null;
      readonly providerLog: boolean;
      readonly scopes: readonly { readonly scope: string; readonly lastUsed: string | null }[];
      readonly reached: readonly object[];
    };
  };
}

async function show(id: string): Promise<Shown['agent']> {
  const { stdout } = await world.run(['agents', 'show', id, '--format', 'json']);
  return (JSON.parse(stdout) as Shown).agent;
}

function edit(path: string, change: (text: string) => string): void {
  const file = join(world.root, path);
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${path} was not changed`);
  writeFileSync(file, changed);
}

beforeAll(async () => {
  world = await openWorld();
  lockFile = join(world.root, 'agent-id.lock.json');
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  expect((await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes'])).code).toBe(0);
});

afterAll(() => world.close());

describe('agents show', () => {
  it('finds no drift right after the migration, and each owner with evidence', async () => {
    const { agents } = JSON.parse(readFileSync(lockFile, 'utf8')) as Lock;
    const ids = ['helpdesk', 'mcp-directory', 'onboarding', 'sync-groups'];
    for (const id of ids) {
      const agent = await show(id);
      expect([id, agent.drift]).toEqual([id, { unused: [], missing: [], unknown: [] }]);
      expect(agent.ownerEvidence).toEqual({
        who: agents[id]?.owner,
        evidence: expect.stringMatching(/^CODEOWNERS:\d$/) as string,
      });
    }
  });

  it('says what it reached on whose behalf and when, from the audit log', async () => {
    expect((await show('inactive-users')).usage).toMatchObject({ providerLog: true });
    const token = 'token --agent inactive-users --resource password-api --as-agent'.split(' ');
    expect((await world.run(token)).code).toBe(0);
    const { usage } = await show('inactive-users');
    expect(usage.lastUsed).not.toBeNull();
    expect(usage.scopes).toMatchObject([{ scope: 'okta.users.read', lastUsed: usage.lastUsed }]);
    const text = await world.run(['agents', 'show', 'inactive-users']);
    expect(text.stdout).toMatch(/^reached {5}Password API as itself: okta\.users\.read {2}\d tokens, /m);
    expect(text.stdout).toMatch(/^owner {7}@acme\/operations \(CODEOWNERS:5\)$/m);
    expect(text.stdout).toContain('drift       none: the code asks for what is registered');
  });

  it('sees a scope that only another machine used, by the log of the provider', async () => {
    const before = (await show('inactive-users')).usage.scopes[0]?.lastUsed;
    const other = { AGENT_ID_AUDIT: join(world.folder, 'other-audit') };
    expect(before).not.toBeNull();
    const shown = await world.run(['agents', 'show', 'inactive-users', '--format', 'json'], '', other);
    const { agent } = JSON.parse(shown.stdout) as Shown;
    expect(agent.usage.reached).toEqual([]);
    expect(agent.usage.scopes).toMatchObject([{ lastUsed: before }]);
  });

  it('shows drift both ways: code that asks for more, and registered scopes that nothing asks for', async () => {
    edit('services/password-reset/src/main.ts', (text) =>
      text.replace(
        'await client.userApi.generateResetPasswordToken({ userId: user, sendEmail: false });',
        'await client.groupApi.listGroups({ limit: 1 });',
      ),
    );
    const agent = await show('password-reset');
    expect(agent.drift).toMatchObject({
      unused: ['okta.users.manage'],
      missing: [{ scope: 'okta.groups.read' }],
    });
    const { stdout } = await world.run(['agents', 'show', 'password-reset']);
    expect(stdout).toContain('okta.users.manage is registered, and no code here asks for it');
    expect(stdout).toContain(
      'okta.groups.read is asked for by the code, and not registered (services/password-reset/src/main.ts:17 client.groupApi.listGroups)',
    );
    const without = await world.run(['agents', 'show', 'password-reset', '--no-code']);
    expect([without.code, without.stdout.includes('drift')]).toEqual([0, false]);
  });
});
