import { describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { makeKey } from './kit.ts';
import type { Fault } from './okta-double.ts';
import { contentOf, faultAt, passwordApi, startWorld, userSpec, wholeSpec, type World } from './okta-kit.ts';
import { table } from './okta-rows.ts';

const faults: readonly Fault[] = ['before', 'after', 'cut', 'torn', 429, 500];
const AT_ONCE = 24;
/** What a fault may end with: anything else is a defect. */
const known = new Set(['ok', 'idp-unreachable', 'idp-refused']);

/** A way in which Okta holds an agent, and how many requests a registration takes, and a removal. */
interface Kind {
  readonly name: string;
  readonly crossApp: boolean;
  readonly spec: typeof wholeSpec;
  readonly requests: number;
  readonly removal: number;
}

/** docs/idp-okta.md says the same numbers. */
const kinds: readonly Kind[] = [
  { name: 'an application', crossApp: false, spec: wholeSpec, requests: 45, removal: 21 },
  { name: 'an AI agent', crossApp: true, spec: userSpec, requests: 43, removal: 24 },
];

const [app] = kinds as readonly [Kind, Kind];

interface Measured {
  /** What the organisation holds without the agent, and with it. */
  readonly nothing: readonly string[];
  readonly whole: readonly string[];
}

async function measure(kind: Kind = app): Promise<Measured> {
  const world = await startWorld(kind);
  const { calls } = world.double;
  const nothing = contentOf(world.double);
  await register(world, kind);
  const requests = calls.length;
  const whole = contentOf(world.double);
  await rollBack(world, kind);
  expect({ requests, removal: calls.length - requests }).toEqual({
    requests: kind.requests,
    removal: kind.removal,
  });
  await world.double.stop();
  return { nothing, whole };
}

async function register({ adapter, double }: World, { spec }: Kind = app): Promise<void> {
  await adapter.apply(await adapter.plan(spec(double)));
}

/** What `migrate --rollback` does with an agent whose registration it began. */
async function rollBack({ adapter, double }: World, { spec }: Kind): Promise<void> {
  const { clientId, marker } = spec(double);
  const found = await adapter.inspect(clientId);
  if (found?.marker === marker) await adapter.remove(found.clientId);
}

/** Gives the code of the error that a task ends with, or `ok`. */
async function outcome(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'ok',
    (error: unknown) => (error instanceof AgentIdError ? error.code : String(error)),
  );
}

interface Case {
  readonly at: number;
  readonly fault: Fault;
  /** Nothing works from this request on: the process or the network is gone. */
  readonly forEver: boolean;
}

/** Every request, in each way: alone, and with all that follow. */
function casesOf(requests: number): readonly Case[] {
  const each = Array.from({ length: requests }, (_, at) => at);
  const alone = faults.flatMap((fault) => each.map((at) => ({ at, fault, forEver: false })));
  const onward = each.flatMap((at) => onwardFaults(at).map((fault) => ({ at, fault, forEver: true })));
  return [...alone, ...onward];
}

/** A process or a network that is gone, at each request; the other ways in turn. */
function onwardFaults(at: number): readonly Fault[] {
  const [gone, unheard, ...others] = faults;
  return [gone, unheard, others[at % others.length]].filter((fault) => fault !== undefined);
}

/** Runs every case in an organisation of its own, some at once; gives what went wrong. */
async function runAll(
  kind: Kind,
  cases: readonly Case[],
  run: (world: World, one: Case) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const world = await startWorld(kind);
      const found = [...(await run(world, one)), ...world.double.violations];
      const label = `request ${one.at} ${one.fault}${one.forEver ? ' onward' : ''}`;
      wrong.push(...found.map((line) => `${label}: ${line}`));
      await world.double.stop();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return wrong;
}

/** Lets a task fail as the case says, then works on an organisation in which all is well again. */
async function runCase(
  world: World,
  { at, fault, forEver }: Case,
  { task, repair, goal, end, whole }: Attempt,
): Promise<readonly string[]> {
  world.double.fault = faultAt(at, fault, { forEver });
  const first = await outcome(task());
  const early = partsMissing(world, whole);
  const done = contentOf(world.double);
  world.double.fault = undefined;
  const after = await outcome(repair());
  const left = contentOf(world.double);
  return [
    ...(known.has(first) ? [] : [`ends with ${first}`]),
    ...(first === 'ok' ? differences(done, goal).map((one) => `says that it is done but ${one}`) : []),
    ...(forEver && first === 'ok' && !bodies.has(fault) ? ['says that it is done'] : []),
    ...early.map((one) => `is switched on without ${one}`),
    ...(after === 'ok' ? [] : [`afterwards ${after}`]),
    ...differences(left, end),
  ];
}

/** These happen to answers with a body only: what is answered without one is done. */
const bodies: ReadonlySet<Fault> = new Set(['cut', 'torn']);

function differences(left: readonly string[], end: readonly string[]): readonly string[] {
  return [
    ...left.filter((one) => !end.includes(one)).map((one) => `leaves ${one}`),
    ...end.filter((one) => !left.includes(one)).map((one) => `lacks ${one}`),
  ];
}

interface Attempt {
  readonly task: () => Promise<void>;
  readonly repair: () => Promise<void>;
  /** What there is when the task is done, and when the repair is. */
  readonly goal: readonly string[];
  readonly end: readonly string[];
  readonly whole: readonly string[];
}

/** What a registration that is switched on lacks: it can do nothing until every part of it is there. */
function partsMissing({ double }: World, whole: readonly string[]): readonly string[] {
  const rows = ['apps', 'ai-agents'].flatMap((name) => [...table(double.rows, name).values()]);
  const ours = rows.find((one) => JSON.stringify(one).includes('tx-reset'));
  if (ours?.['status'] !== 'ACTIVE') return [];
  const now = contentOf(double);
  return whole.filter((one) => !/^\["(apps|ai-agents)"/.test(one) && !now.includes(one));
}

describe.each(kinds)('$name at Okta whose registration is cut off', (kind) => {
  it('is finished by the same again, or taken back whole', { timeout: 240_000 }, async () => {
    const { nothing, whole } = await measure(kind);
    const wrong = await runAll(kind, casesOf(kind.requests), (world, one) => {
      const task = (): Promise<void> => register(world, kind);
      const back = one.at % 2 === (one.forEver ? 1 : 0);
      const repair = back ? (): Promise<void> => rollBack(world, kind) : task;
      return runCase(world, one, { task, repair, goal: whole, end: back ? nothing : whole, whole });
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(kinds)('$name at Okta whose removal is cut off', (kind) => {
  it('is taken away by the same again', { timeout: 240_000 }, async () => {
    const { nothing, whole } = await measure(kind);
    const wrong = await runAll(kind, casesOf(kind.removal), async (world, one) => {
      await register(world, kind);
      const task = (): Promise<void> => rollBack(world, kind);
      return runCase(world, one, { task, repair: task, goal: nothing, end: nothing, whole });
    });
    expect(wrong).toEqual([]);
  });
});

describe('a storm of 429', () => {
  it('is waited out in a bounded way, and then said clearly', async () => {
    const { double, adapter } = await startWorld();
    try {
      double.fault = (call) => (call === 'GET listApplications' ? 429 : undefined);
      await expect(adapter.plan(wholeSpec(double))).rejects.toMatchObject({
        code: 'idp-unreachable',
        message: expect.stringContaining('rate limit') as string,
        hint: expect.stringMatching(/opens again at 20\d\d-.*nothing is done twice/) as string,
      });
      expect(double.calls.filter((call) => call === 'GET listApplications')).toHaveLength(3);
      double.fault = undefined;
      expect((await adapter.plan(wholeSpec(double))).kind).toBe('create');
    } finally {
      await double.stop();
    }
  });

  it('is waited out by each at another time: those who were refused together do not come back together', async () => {
    const { double, trust } = await startWorld();
    try {
      const times: number[] = [];
      double.fault = (call) => {
        if (call !== 'GET listApplications') return undefined;
        times.push(performance.now());
        return 429;
      };
      const waits: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const adapter = await adapterFor(trust, { paths: { keys: '/nowhere' } });
        times.length = 0;
        expect(await outcome(adapter.plan(wholeSpec(double)))).toBe('idp-unreachable');
        waits.push(...times.slice(1).map((time, at) => time - (times[at] ?? 0)));
      }
      expect(waits).toHaveLength(8);
      expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(20);
    } finally {
      await double.stop();
    }
  });

  it('that lasts longer than a minute is not waited for', async () => {
    const { double, adapter } = await startWorld();
    try {
      double.resetInSeconds = 3600;
      double.fault = (call) => (call === 'GET listApplications' ? 429 : undefined);
      const before = performance.now();
      expect(await outcome(adapter.plan(wholeSpec(double)))).toBe('idp-unreachable');
      expect(performance.now() - before).toBeLessThan(2000);
      expect(double.calls.filter((call) => call === 'GET listApplications')).toHaveLength(1);
    } finally {
      await double.stop();
    }
  });

  it('ends a registration halfway, and the same again finishes it', async () => {
    const { whole } = await measure();
    const { double, adapter, trust } = await startWorld();
    try {
      double.resetInSeconds = 3600;
      double.fault = (call) => (call === 'POST createAuthorizationServerPolicy' ? 429 : undefined);
      expect(await outcome(register({ double, adapter, trust }))).toBe('idp-unreachable');
      double.fault = undefined;
      await register({ double, adapter, trust });
      expect(contentOf(double)).toEqual(whole);
    } finally {
      await double.stop();
    }
  });
});

describe('somebody else at the same organisation', () => {
  it('has an application of our client id: a conflict, and it stays as it is', async () => {
    const { double, adapter } = await startWorld();
    try {
      const spec = wholeSpec(double);
      double.addApp({ clientId: spec.clientId, label: 'Payroll' });
      const before = contentOf(double);
      const change = await adapter.plan(spec);
      expect(change.kind).toBe('conflict');
      expect(await outcome(adapter.apply(change))).toBe('conflict');
      expect(await outcome(adapter.apply({ ...change, kind: 'create' }))).toBe('conflict');
      for (const task of ['revoke', 'restore', 'remove'] as const)
        expect(await outcome(adapter[task](spec.clientId))).toBe('conflict');
      expect(await outcome(adapter.addKey(spec.clientId, makeKey().publicKey))).toBe('conflict');
      expect(contentOf(double)).toEqual(before);
    } finally {
      await double.stop();
    }
  });

  it('has one of our display name: the plan says so, and it stays as it is', async () => {
    const { double, adapter } = await startWorld();
    try {
      const spec = wholeSpec(double);
      const id = double.addApp({ clientId: 'payroll', label: spec.displayName });
      const before = JSON.stringify(table(double.rows, 'apps').get(id));
      const change = await adapter.plan(spec);
      expect(change.lines.join('\n')).toContain(`another application is called ${spec.displayName}`);
      await adapter.apply(change);
      await adapter.remove(spec.clientId);
      expect(JSON.stringify(table(double.rows, 'apps').get(id))).toBe(before);
    } finally {
      await double.stop();
    }
  });

  it.each(kinds)('registers the same agent at once: $name once, and the same end', async (kind) => {
    const { whole } = await measure(kind);
    const world = await startWorld(kind);
    try {
      const again = { ...world, adapter: await adapterFor(world.trust, { paths: { keys: '/nowhere' } }) };
      await Promise.allSettled([register(world, kind), register(again, kind)]);
      await register(world, kind);
      expect(contentOf(world.double)).toEqual(whole);
      expect(world.double.violations).toEqual([]);
    } finally {
      await world.double.stop();
    }
  });

  it.each(kinds)(
    'plans another $name of the same client id at once: one wins, the other is told',
    async (kind) => {
      const { double, adapter, trust } = await startWorld(kind);
      try {
        const other = await adapterFor(trust, { paths: { keys: '/nowhere' } });
        const mine = kind.spec(double);
        const theirs = kind.spec(double, { marker: 'tx-other', keys: [makeKey().publicKey] });
        const changes = [await adapter.plan(mine), await other.plan(theirs)] as const;
        const ends = await Promise.all([
          outcome(adapter.apply(changes[0])),
          outcome(other.apply(changes[1])),
        ]);
        expect([...ends].sort()).toEqual(['conflict', 'ok']);
        const winner = ends[0] === 'ok' ? mine : theirs;
        const found = await adapter.inspect(mine.clientId);
        expect(found?.marker).toBe(winner.marker);
        expect(found?.keys.map(({ kid }) => kid)).toEqual(winner.keys.map(({ kid }) => kid));
      } finally {
        await double.stop();
      }
    },
  );

  it('registers another agent of the same new API at once: they share one authorization server', async () => {
    const { double, adapter, trust } = await startWorld();
    try {
      const others = await Promise.all(
        ['a', 'b', 'c', 'd'].map(async (id) => {
          const own = await adapterFor(trust, { paths: { keys: '/nowhere' } });
          const grants = [{ uri: passwordApi, scopes: ['password.reset'], maxTtlSeconds: 300 }];
          const spec = wholeSpec(double, {
            id,
            clientId: `agent-id.${id}.abcdefgh`,
            marker: `tx-${id}`,
            grants,
          });
          return { own, spec, change: await own.plan(spec) };
        }),
      );
      const ends = await Promise.all(others.map(({ own, change }) => outcome(own.apply(change))));
      for (const { own, spec } of others) await own.apply(await own.plan(spec));
      expect(ends.every((end) => known.has(end))).toBe(true);
      expect(table(double.rows, 'servers').size).toBe(1);
      const [server = ''] = table(double.rows, 'servers').keys();
      const tokenIssuer = `${double.issuer}/oauth2/${server}`;
      const registered = await adapter.list();
      expect(registered.map(({ grants }) => grants)).toEqual(
        others.map(() => [{ uri: passwordApi, scopes: ['password.reset'], tokenIssuer }]),
      );
      for (const { own, spec } of others) await own.remove(spec.clientId);
      expect(table(double.rows, 'servers').size).toBe(0);
    } finally {
      await double.stop();
    }
  });
});
