import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import { makeSpec, outcomeOf } from './contract.ts';
import type { World } from './worlds.ts';

type Fault = (send: () => Promise<Response>) => Promise<Response>;

const AT_ONCE = 24;

/** How a request goes wrong. */
const faults: Readonly<Record<string, Fault>> = {
  'before it is sent': async () => {
    throw new TypeError('fetch failed');
  },
  'after it is sent': async (send) => {
    await (await send()).arrayBuffer();
    throw new TypeError('terminated');
  },
  'with 500': async () => Response.json({ error: 'server_error' }, { status: 500 }),
  'with 429': async () =>
    Response.json({ error: 'slow_down' }, { status: 429, headers: { 'retry-after': '0' } }),
  'with a truncated body, done all the same': async (send) => {
    const answer = await send();
    const text = await answer.text();
    const { status, headers } = answer;
    return new Response(text === '' ? null : text.slice(0, text.length / 2), { status, headers });
  },
};

/** What a provider of this kind cannot help. */
export interface FaultDifferences {
  /** It chooses client ids and lists none: one application may be left where the answer was lost, and the error names it. */
  readonly namedOrphan?: true;
}

/** Every request of a registration fails in each way, alone or with all after it; then all is there, or nothing. */
export function describeFaults(
  name: string,
  start: () => Promise<World>,
  { namedOrphan }: FaultDifferences = {},
): void {
  describe(`a registration at ${name} of which a request fails`, () => {
    let world: World;
    let requests: number;
    let serial = 0;

    beforeAll(async () => {
      world = await start();
      // What agents share stays there while others come and go.
      const anchor = await adapterWith();
      await anchor.apply(await anchor.plan(makeSpec(world, 'anchor')));
      let count = 0;
      const counting = await adapterWith(async (send) => ((count += 1), send()));
      const spec = makeSpec(world, 'counted');
      await counting.apply(await counting.plan(spec));
      requests = count;
      await counting.remove(spec.clientId);
    });
    afterAll(() => world.stop());

    it.each(Object.entries(faults))(
      '%s, is finished or taken back',
      { timeout: 240_000 },
      async (_, fault) => {
        const before = await counts();
        const cases = Array.from({ length: requests }, (_unused, at) => [
          { at, forEver: false, back: at % 2 === 0 },
          { at, forEver: true, back: at % 2 === 1 },
        ]).flat();
        const wrong: string[] = [];
        const worker = async (): Promise<void> => {
          for (let one = cases.shift(); one !== undefined; one = cases.shift())
            wrong.push(...(await runCase(one, fault)));
        };
        await Promise.all(Array.from({ length: AT_ONCE }, worker));
        expect(wrong).toEqual([]);
        if (namedOrphan !== true) expect(await counts()).toEqual(before);
        expect(requests).toBeGreaterThan(1);
      },
    );

    async function runCase({ at, forEver, back }: Case, fault: Fault): Promise<readonly string[]> {
      serial += 1;
      const spec = makeSpec(world, `fault-${serial}-${at}`);
      const paths = await makePaths();
      const broken = await adapterWith(failAt(at, forEver, fault), paths);
      const healthy = await adapterWith(undefined, paths);
      const wrong: string[] = [];
      const first = await outcomeOf(broken.plan(spec).then((change) => broken.apply(change)));
      if (!['ok', 'idp-unreachable', 'idp-refused'].includes(first.code))
        wrong.push(`ends with ${first.code}`);
      const half = await healthy.inspect(spec.clientId);
      const { kind, lines } = await healthy.plan(spec);
      const whole = kind === 'none' || lines.every((line) => line.startsWith('finishes'));
      if (half?.status === 'active' && !whole) wrong.push(`is switched on without ${lines.join()}`);
      if (first.code === 'ok' && kind !== 'none') wrong.push(`says that it is done but ${lines.join()}`);
      if (!back) {
        await healthy.apply(await healthy.plan(spec));
        const again = await healthy.plan(spec);
        if (again.kind !== 'none') wrong.push(`is not finished: ${again.lines.join()}`);
        const same = (await healthy.list()).filter((one) => one.marker === spec.marker);
        if (same.length !== 1) wrong.push(`is there ${same.length} times`);
      }
      await healthy.remove(spec.clientId);
      const left = (await world.rows()).filter(
        (row) => row.includes(spec.marker) || row.includes(spec.clientId),
      );
      const said = namedOrphan === true && first.hint.includes(`[${spec.marker}]`) ? 1 : 0;
      if (left.length > said) wrong.push(`leaves ${left.join()}`);
      return wrong.map((line) => `request ${at}${forEver ? ' onward' : ''}${back ? ', back' : ''}: ${line}`);
    }

    async function adapterWith(fault?: Fault, paths?: { readonly keys: string }): Promise<IdpAdapter> {
      const failing: typeof fetch = (input, init) => (fault ?? ((send) => send()))(() => fetch(input, init));
      return adapterFor(world.trust, { paths: paths ?? (await makePaths()), fetch: failing });
    }

    async function makePaths(): Promise<{ readonly keys: string }> {
      const paths = { keys: join(await mkdtemp(join(tmpdir(), 'agent-id-faults-')), 'keys') };
      await world.prepare?.(paths);
      return paths;
    }

    async function counts(): Promise<number> {
      return (await world.rows()).length;
    }
  });
}

interface Case {
  readonly at: number;
  readonly forEver: boolean;
  /** It is taken back, not finished. */
  readonly back: boolean;
}

function failAt(at: number, forEver: boolean, fault: Fault): Fault {
  let seen = -1;
  return (send) => {
    seen += 1;
    return seen === at || (forEver && seen > at) ? fault(send) : send();
  };
}
