import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { steady } from './steady.ts';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

/** In the order of a story: what changes something changes what comes after. */
const lines: readonly (readonly [name: string, code: number, line: string])[] = [
  ['plan', 1, 'plan --secret OKTA_API_TOKEN'],
  ['migrate', 0, 'migrate --secret OKTA_API_TOKEN --yes'],
  ['migrate-status', 0, 'migrate --status'],
  ['agents-list', 0, 'agents list'],
  ['agents-show', 0, 'agents show inactive-users'],
  ['agents-revoke', 0, 'agents revoke inactive-users'],
  ['retire', 1, 'retire OKTA_API_TOKEN --yes'],
  ['explain-rule', 0, 'explain okta-api-token'],
  ['explain-code', 0, 'explain not-enrolled'],
  ['idp-list', 0, 'idp list'],
  ['audit-verify', 0, 'audit verify'],
  ['init', 2, 'init'],
  ['hook-install', 0, 'hook install'],
  ['login', 2, 'login --idp nobody'],
  ['whoami', 2, 'whoami'],
  ['token', 2, 'token --agent inactive-users --resource password-api --as-agent'],
  ['exec', 125, 'exec --agent helpdesk --env X=password-api -- true'],
];

describe('what verbs print', () => {
  it.each(lines)('%s is as it was agreed', async (name, code, line) => {
    const ran = await world.run(line.split(' '));
    expect([ran.code, ran.stderr]).toEqual([code, ran.stderr]);
    const text = `$ agent-id ${line}\n${ran.stdout}--- stderr\n${ran.stderr}`;
    const golden = join(import.meta.dirname, '../fixtures/golden', `${name}.txt`);
    await expect(steady(text, world.folder)).toMatchFileSnapshot(golden);
  });
});
