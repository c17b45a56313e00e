import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/log.ts';
import { runCli } from '../../src/cli.ts';
import type { Io } from '../../src/lib/io.ts';
import { statePaths } from '../../src/lib/state.ts';
import type { AuditAction, AuditEntry, AuditEvent } from '../../src/model/audit-entry.ts';
import { sample } from './sample.ts';

interface Attribute {
  readonly type?: 'string_t' | 'integer_t' | 'long_t' | 'boolean_t' | 'float_t' | 'json_t';
  readonly object?: string;
  readonly array?: true;
  readonly required?: true;
  readonly enum?: readonly number[];
}

interface Described {
  readonly constraints: { readonly at_least_one?: readonly string[] } | null;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Names, types, requirements and numbers of the classes and objects that are used, from OCSF's own description (Apache-2.0). */
interface Schema {
  readonly classes: Readonly<
    Record<string, Described & { readonly class_uid: number; readonly category_uid: number }>
  >;
  readonly objects: Readonly<Record<string, Described>>;
}

type Data = Readonly<Record<string, unknown>>;

const schemas = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/ocsf.json'), 'utf8'),
) as Readonly<Record<string, Schema>>;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string_t: (value) => typeof value === 'string',
  integer_t: Number.isSafeInteger,
  long_t: Number.isSafeInteger,
  boolean_t: (value) => typeof value === 'boolean',
};

/** Says what an event has against it: a name that the schema lacks, a type, a number, what is required and not there. */
function problems(schema: Schema, event: Data): readonly string[] {
  const kind = Object.values(schema.classes).find(({ class_uid }) => class_uid === event['class_uid']);
  if (kind === undefined) return [`no class ${String(event['class_uid'])}`];
  const wrong = kind.category_uid === event['category_uid'] ? [] : ['category_uid is not of the class'];
  if (event['type_uid'] !== kind.class_uid * 100 + Number(event['activity_id'])) wrong.push('type_uid');
  return [...wrong, ...objectProblems(schema, kind, event, '')];
}

function objectProblems(
  schema: Schema,
  { attributes, constraints }: Described,
  data: Data,
  at: string,
): string[] {
  const wrong = Object.entries(attributes)
    .filter(([name, { required }]) => required === true && data[name] === undefined)
    .map(([name]) => `${at}${name} is required`);
  const one = constraints?.at_least_one;
  if (one?.every((name) => data[name] === undefined) === true) wrong.push(`${at} has none of ${one.join()}`);
  for (const [name, value] of Object.entries(data)) {
    const attribute = attributes[name];
    if (attribute === undefined) wrong.push(`${at}${name} is not in the schema`);
    else if ((attribute.array === true) !== Array.isArray(value)) wrong.push(`${at}${name} and arrays`);
    else
      for (const each of attribute.array === true ? (value as unknown[]) : [value])
        wrong.push(...valueProblems(schema, attribute, each, `${at}${name}`));
  }
  return wrong;
}

function valueProblems(
  schema: Schema,
  { type, object, enum: numbers }: Attribute,
  value: unknown,
  at: string,
): string[] {
  if (object === 'object') return typeof value === 'object' ? [] : [`${at} is no object`];
  if (object !== undefined) {
    const described = schema.objects[object];
    if (described === undefined) return [`${at}: ${object} is not described here`];
    return objectProblems(schema, described, value as Data, `${at}.`);
  }
  if (types[type ?? '']?.(value) !== true) return [`${at} is no ${type}`];
  return numbers === undefined || numbers.includes(value as number)
    ? []
    : [`${at} cannot be ${String(value)}`];
}

const actions: readonly AuditAction[] = [
  'register',
  'enroll',
  'exchange',
  'ask',
  'call',
  'revoke',
  'restore',
  'remove',
  'rotate',
  'review',
  'migrate',
  'rollback',
  'retire',
  'login',
  'logout',
];

const events: readonly AuditEvent[] = [
  ...actions.map((action) => sample({ action })),
  ...actions.map((action) => sample({ action, agent: null, user: null, resource: null, operation: null })),
  ...actions.map((action) => sample({ action, result: 'denied', reason: '403' })),
  sample({ action: 'call', operation: 'GET /api/v1/users', user: null, asItself: true }),
  sample({
    action: 'call',
    operation: 'DELETE /api/v1/users/{id}',
    result: 'failed',
    reason: 'idp-unreachable',
  }),
  sample({ agent: { id: 'a', displayName: 'two\nlines', clientId: 'c' } }),
];

describe('audit export --format ocsf', () => {
  let home: string;
  let lines: readonly string[];
  let told: readonly Data[];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'agent-id-ocsf-'));
    const env = { HOME: home, AGENT_ID_HOME: home };
    for (const event of events) await appendAudit(statePaths(env), event);
    let out = '';
    const io: Io = {
      stdout: (text) => (out += text),
      stderr: () => undefined,
      cwd: home,
      env,
      interactive: false,
      color: false,
      clock: () => 0,
      stdin: () => Promise.resolve(''),
      exitCode: 0,
    };
    await runCli(['audit', 'export', '--format', 'ocsf'], io);
    expect(io.exitCode).toBe(0);
    expect(out.endsWith('}\n')).toBe(true);
    lines = out.trimEnd().split('\n');
    told = lines.map((line) => JSON.parse(line) as Data);
  });

  afterAll(() => rmSync(home, { recursive: true }));

  it.each(Object.keys(schemas))('holds to OCSF %s: required, known, typed', (version) => {
    expect(told).toHaveLength(events.length);
    const schema = schemas[version] as Schema;
    for (const event of told)
      expect([event['message'], problems(schema, event)]).toEqual([event['message'], []]);
  });

  it('would be caught with less or with more than the schema has', () => {
    const schema = schemas['1.3.0'] as Schema;
    const [first = {}] = told;
    expect(Object.keys(schemas)).toEqual(['1.3.0', '1.8.0']);
    const { api: _api, ...less } = first;
    expect(problems(schema, { ...less, actor: {} })).toEqual([
      'api is required',
      'actor. has none of process,user,invoked_by,session,app_name,app_uid',
    ]);
    expect(problems(schema, { ...first, extra: 1, severity_id: 7, time: 'now' })).toEqual([
      'time is no long_t',
      'severity_id cannot be 7',
      'extra is not in the schema',
    ]);
  });

  it('says who did what for whom, and how it went', () => {
    const at = (action: AuditAction, n = 0): Data =>
      told.filter((event) => (event['metadata'] as Data)['event_code'] === action)[n] ?? {};
    expect(at('exchange')).toMatchObject({
      class_uid: 3002,
      type_uid: 300_299,
      activity_name: 'Token Exchange',
      message: 'Password-Reset Agent accessed the Password API on behalf of user-x',
      user: { name: 'user-x', type_id: 1 },
      actor: { app_name: 'Password-Reset Agent', app_uid: 'agent-id.password-reset.abcdefgh' },
      service: { name: 'Password API' },
      time: Date.parse('2026-11-23T10:00:00Z'),
      status_id: 1,
      metadata: { version: '1.3.0', sequence: 3 },
    });
    expect(at('call')).toMatchObject({
      class_uid: 6003,
      type_uid: 600_399,
      activity_name: 'POST',
      api: { operation: 'POST /api/v1/users/{id}/lifecycle/reset_password' },
      actor: { user: { name: 'user-x' } },
    });
    expect(at('call', 2)).toMatchObject({ status_id: 2, severity_id: 3, status_code: '403' });
    expect(at('call', 3)).toMatchObject({ activity_id: 2, unmapped: { as_itself: true } });
    expect(at('call', 3)['actor']).not.toHaveProperty('user');
    expect(at('call', 4)).toMatchObject({ activity_id: 4, status_id: 2, severity_id: 2 });
    expect(at('login')).toMatchObject({ type_uid: 300_201 });
    expect(at('logout')).toMatchObject({ type_uid: 300_202 });
    expect(at('register')).toMatchObject({ type_uid: 600_301 });
  });

  it('carries each entry whole, with its hash', () => {
    const entries = told.map((event) => JSON.parse(String(event['raw_data'])) as AuditEntry);
    expect(entries.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1));
    expect(told.map((event) => (event['metadata'] as Data)['uid'])).toEqual(entries.map(({ hash }) => hash));
    expect(entries.map(({ prev }) => prev).slice(1)).toEqual(entries.map(({ hash }) => hash).slice(0, -1));
  });
});
