import { describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { makeKey } from './kit.ts';
import type { Fault } from './okta-double.ts';
import { contentOf, faultAt, passwordApi, startWorld, wholeSpec, type World } from './okta-kit.ts';
import { table } from './okta-rows.ts';

const faults: readonly Fault[] = ['before', 'after', 'cut', 'torn', 429, 500];
const AT_ONCE = 24;
/** What a fault may end with: anything else is a defect. */
const known = new Set(['ok', 'idp-unreachable', 'idp-refused']);

interface Measured {
  /** How many requests a registration takes, and a removal. */
  readonly requests: number;
  readonly removal: number;
  /** What the organisation holds without the agent, and with it. */
  readonly nothing: readonly string[];
  readonly whole: readonly string[];
}

async function measure(): Promise<Measured> {
  const world = await startWorld();
  const nothing = contentOf(world.double);
  await register(world);
  const requests = world.double.calls.length;
  const whole = contentOf(world.double);
  await rollBack(world);
  const removal = world.double.calls.length - requests;
  await world.double.stop();
  return { requests, removal, nothing, whole };
}

async function register({ adapter, double }: World): Promise<void> {
  await adapter.apply(await adapter.plan(wholeSpec(double)));
}

/** What `migrate --rollback` does with an application whose registration it began. */
async function rollBack({ adapter, double }: World): Promise<void> {
  const { clientId, marker } = wholeSpec(double);
  const found = await adapter.inspect(clientId);
  if (found?.marker === marker) await adapter.remove(clientId);
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
  const onward = (['before', 'after'] as const).flatMap((fault) =>
    each.map((at) => ({ at, fault, forEver: true })),
  );
  return [...alone, ...onward];
}

/** Runs every case in an organisation of its own, some at once; gives what went wrong. */
async function runAll(
  cases: readonly Case[],
  run: (world: World, one: Case) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const world = await startWorld();
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
  { task, repair, end }: { task: () => Promise<void>; repair: () => Promise<void>; end: readonly string[] },
): Promise<readonly string[]> {
  world.double.fault = faultAt(at, fault, { forEver });
  const first = await outcome(task());
  world.double.fault = undefined;
  const after = await outcome(repair());
  const left = contentOf(world.double);
  return [
    ...(known.has(first) ? [] : [`ends with ${first}`]),
    ...(forEver && first === 'ok' ? ['says that it is done'] : []),
    ...(after === 'ok' ? [] : [`afterwards ${after}`]),
    ...left.filter((one) => !end.includes(one)).map((one) => `leaves ${one}`),
    ...end.filter((one) => !left.includes(one)).map((one) => `lacks ${one}`),
  ];
}

describe('a registration at Okta that is cut off', () => {
  it('is finished by the same again, or taken back whole', { timeout: 240_000 }, async () => {
    const { requests, nothing, whole } = await measure();
    expect(requests).toBeGreaterThan(30);
    const wrong = await runAll(casesOf(requests), (world, one) => {
      const task = (): Promise<void> => register(world);
      const back = one.at % 2 === (one.forEver ? 1 : 0);
      return runCase(
        world,
        one,
        back ? { task, repair: () => rollBack(world), end: nothing } : { task, repair: task, end: whole },
      );
    });
    expect(wrong).toEqual([]);
  });

  it('can do nothing until every part of it is there', async () => {
    const { requests } = await measure();
    const cases = casesOf(requests).filter(({ fault, forEver }) => forEver && fault === 'after');
    const wrong = await runAll(cases, async (world, { at, fault }) => {
      world.double.fault = faultAt(at, fault, { forEver: true });
      await outcome(register(world));
      const { clientId } = wholeSpec(world.double);
      const app = [...table(world.double.rows, 'apps').values()].find((one) =>
        JSON.stringify(one).includes(clientId),
      );
      const rules = [...world.double.rows.keys()].some((name) => name.startsWith('rules '));
      return app?.['status'] === 'ACTIVE' && !rules ? ['is switched on before it has its rule'] : [];
    });
    expect(wrong).toEqual([]);
  });
});

describe('a removal at Okta that is cut off', () => {
  it('is finished by the same again', { timeout: 120_000 }, async () => {
    const { removal, nothing } = await measure();
    const wrong = await runAll(casesOf(removal), async (world, one) => {
      await register(world);
      const task = (): Promise<void> => rollBack(world);
      return runCase(world, one, { task, repair: task, end: nothing });
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

  it('registers the same agent at once: one application, and the same end', async () => {
    const { whole } = await measure();
    const world = await startWorld();
    try {
      const again = { ...world, adapter: await adapterFor(world.trust, { paths: { keys: '/nowhere' } }) };
      await Promise.allSettled([register(world), register(again)]);
      await register(world);
      expect(contentOf(world.double)).toEqual(whole);
      expect(world.double.violations).toEqual([]);
    } finally {
      await world.double.stop();
    }
  });

  it('registers another plan of the same client id at once: one wins, the other is told', async () => {
    const { double, adapter, trust } = await startWorld();
    try {
      const other = await adapterFor(trust, { paths: { keys: '/nowhere' } });
      const mine = wholeSpec(double);
      const theirs = wholeSpec(double, { marker: 'tx-other', keys: [makeKey().publicKey] });
      const changes = [await adapter.plan(mine), await other.plan(theirs)] as const;
      const ends = await Promise.all([outcome(adapter.apply(changes[0])), outcome(other.apply(changes[1]))]);
      expect([...ends].sort()).toEqual(['conflict', 'ok']);
      const winner = ends[0] === 'ok' ? mine : theirs;
      const found = await adapter.inspect(mine.clientId);
      expect(found?.marker).toBe(winner.marker);
      expect(found?.keys.map(({ kid }) => kid)).toEqual(winner.keys.map(({ kid }) => kid));
    } finally {
      await double.stop();
    }
  });

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
