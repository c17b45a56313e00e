import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { makeKey } from '../idp/kit.ts';
import { administer, api, keycloakTrust } from './keycloak.ts';

const tag = randomBytes(3).toString('hex');
const paths = { keys: '/nowhere' };

/** How one request goes wrong. */
const faults: Readonly<Record<string, (send: () => Promise<Response>) => Promise<Response>>> = {
  'before it is sent': async () => {
    throw new TypeError('fetch failed');
  },
  'after it is sent': async (send) => {
    await (await send()).arrayBuffer();
    throw new TypeError('terminated');
  },
  'with 500': async () => Response.json({ error: 'unknown_error' }, { status: 500 }),
  'with a truncated body, done all the same': async (send) => {
    await (await send()).arrayBuffer();
    return new Response('{"err', { status: 200 });
  },
};

describe.each(Object.entries(faults))('a registration of which each write fails in turn %s', (how, fault) => {
  it('is finished by doing it again, or leaves nothing when it is taken back', async () => {
    const healthy = await adapterFor(keycloakTrust(), { paths });
    let writes = 0;
    for (let n = 0; n <= writes && n < 20; n += 1) {
      const spec = makeSpec(`fault-${how.replaceAll(/\W+/g, '-').slice(0, 20)}-${n}`);
      const { adapter, seen } = await failing(n, fault);
      const change = await adapter.plan(spec);
      const outcome = await adapter.apply(change).then(
        () => 'done',
        (error: unknown) => (error instanceof AgentIdError ? error.code : String(error)),
      );
      writes = Math.max(writes, seen());
      expect(['done', 'idp-unreachable', 'idp-refused']).toContain(outcome);
      const half = await healthy.inspect(spec.clientId);
      // Either it is whole, and only the answer was lost, or it can do nothing.
      if (half?.status === 'active') expect((await healthy.plan(spec)).kind).toBe('none');
      if (n % 2 === 0) {
        expect(await healthy.apply(change)).toMatchObject({ status: 'active' });
        expect((await healthy.plan(spec)).kind).toBe('none');
      }
      await healthy.remove(spec.clientId);
      expect(await leftOf(spec)).toEqual([]);
    }
    expect(writes).toBeGreaterThan(3);
  });
});

it('a registration that is refused from some write on leaves nothing when it is taken back', async () => {
  const healthy = await adapterFor(keycloakTrust(), { paths });
  const refuse = async (): Promise<Response> => Response.json({ error: 'forbidden' }, { status: 403 });
  for (let n = 0; n < 5; n += 1) {
    const spec = makeSpec(`refused-${n}`);
    const { adapter } = await failing(n, refuse, true);
    await expect(adapter.apply(await adapter.plan(spec))).rejects.toMatchObject({ code: 'idp-refused' });
    expect((await healthy.inspect(spec.clientId))?.status).not.toBe('active');
    await healthy.remove(spec.clientId);
    expect(await leftOf(spec)).toEqual([]);
  }
});

/** An adapter of which the n-th write fails, `forGood` all later ones too; every other request goes through. */
async function failing(
  n: number,
  fault: (send: () => Promise<Response>) => Promise<Response>,
  forGood = false,
): Promise<{ readonly adapter: IdpAdapter; readonly seen: () => number }> {
  let writes = 0;
  const fetchOrFail: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const isWrite = (init?.method ?? 'GET') !== 'GET' && url.includes('/admin/');
    if (!isWrite) return fetch(input, init);
    writes += 1;
    return writes === n + 1 || (forGood && writes > n) ? fault(() => fetch(input, init)) : fetch(input, init);
  };
  return { adapter: await adapterFor(keycloakTrust(), { paths, fetch: fetchOrFail }), seen: () => writes };
}

async function leftOf({ clientId, grants }: AgentSpec): Promise<readonly string[]> {
  const clients = (await administer('GET', `/clients?clientId=${clientId}`)).body as unknown as object[];
  const scopes = (await administer('GET', '/client-scopes')).body as unknown as { name: string }[];
  const own = [`agent:${clientId}`, ...grants.flatMap((grant) => grant.scopes)];
  return [
    ...clients.map(() => clientId),
    ...scopes.map(({ name }) => name).filter((name) => own.includes(name)),
  ];
}

function makeSpec(id: string): AgentSpec {
  return {
    id,
    displayName: `${id} Agent`,
    owner: null,
    actsFor: 'user',
    clientId: `agent-id.${id}.${tag}`,
    keys: [makeKey().publicKey],
    grants: [{ uri: api, scopes: [`only.${id}.${tag}`], maxTtlSeconds: 300 }],
    marker: `tx-${tag}-${id}`,
  };
}
