import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Grant } from '../../src/model/agent.ts';
import { passwordApi, startWorld, wholeSpec, type World } from './okta-kit.ts';

let world: World;

beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.double.stop());

/** Registers or changes the agent as a review does: by what the lock file holds, which names no operations. */
async function review(grants: readonly Grant[]): Promise<readonly string[]> {
  const { adapter, double } = world;
  const bare = grants.map(({ uri, scopes, maxTtlSeconds }) => ({ uri, scopes, maxTtlSeconds }));
  const change = await adapter.plan(wholeSpec(double, { grants: bare }));
  await adapter.apply(change);
  return change.lines;
}

function permissions(): readonly unknown[] {
  return [...world.double.rows]
    .filter(([name]) => name.startsWith('permissions '))
    .flatMap(([, rows]) => [...rows.values()].map(({ label }) => label));
}

it('keeps the role that a scope was narrowed to when a review takes another grant away', async () => {
  const { adapter, double } = world;
  const spec = wholeSpec(double);
  await adapter.apply(await adapter.plan(spec));
  expect(permissions()).toEqual(['okta.users.credentials.resetPassword']);
  const lines = await review(spec.grants.filter(({ uri }) => uri !== passwordApi));
  expect(lines.join('\n')).not.toContain('admin role');
  expect(permissions()).toEqual(['okta.users.credentials.resetPassword']);
  expect(double.violations).toEqual([]);
});

it('takes the role away with the last scope that it narrowed', async () => {
  const { adapter, double } = world;
  const spec = wholeSpec(double);
  await adapter.apply(await adapter.plan(spec));
  await review(spec.grants.filter(({ uri }) => uri === passwordApi));
  expect(permissions()).toEqual([]);
  expect(double.violations).toEqual([]);
});

it('gives the whole scope where it is new and nothing says which calls are behind it', async () => {
  const { adapter, double } = world;
  const own = { uri: double.issuer, scopes: ['okta.users.read'], maxTtlSeconds: 3600 };
  await adapter.apply(await adapter.plan(wholeSpec(double, { grants: [own] })));
  expect(permissions()).toEqual(['okta.users.read']);
  await review([{ ...own, scopes: ['okta.users.manage'] }]);
  expect(permissions()).toEqual(['okta.users.manage']);
  expect(double.violations).toEqual([]);
});
