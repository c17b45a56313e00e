import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

const project = resolve(import.meta.dirname, '../..');
let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

it('the plan, as a file and as output, is as its schema says', async () => {
  const told = await world.run([
    'plan',
    '--secret',
    'OKTA_API_TOKEN',
    '--format',
    'json',
    '--out',
    'plan.json',
  ]);
  expect(told.code).toBe(1);
  expectValid('plan', told.stdout);
  expectValid('plan', read('plan.json'));
});

it('the lock file is as its schema says when agents are registered, and after one is reviewed', async () => {
  const moved = await world.run(['migrate', '--secret', 'OKTA_API_TOKEN', '--yes', '--allow-dirty']);
  expect([moved.code, moved.stderr]).toEqual([0, moved.stderr]);
  expectValid('lock', read('agent-id.lock.json'));

  const sheet = await world.run(['agents', 'review', '--export', 'json=review.json']);
  expect([sheet.code, sheet.stderr]).toEqual([0, sheet.stderr]);
  expectValid('review', read('review.json'));
  const decided = read('review.json').replaceAll('"decision": null', '"decision": "keep"');
  expectValid('review', decided);
  writeFileSync(join(world.root, 'review.json'), decided);
  const kept = await world.run(['agents', 'review', '--decisions', 'review.json']);
  expect([kept.code, kept.stderr]).toEqual([0, kept.stderr]);
  expect(read('agent-id.lock.json')).toContain('"reviewed"');
  expectValid('lock', read('agent-id.lock.json'));
});

it.each(['lock', 'plan', 'review'])('the schema of %s refuses what it does not know', (name) => {
  expect(toValidator(name)({ schemaVersion: 1, token: 'x' })).toBe(false);
});

function read(path: string): string {
  return readFileSync(join(world.root, path), 'utf8');
}

function expectValid(name: string, text: string): void {
  const validate = toValidator(name);
  validate(JSON.parse(text));
  expect(validate.errors).toBeNull();
}

function toValidator(name: string): ValidateFunction {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(join(project, `schemas/${name}.schema.json`), 'utf8')));
}
