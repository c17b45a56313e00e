import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import type { AgentSpec } from '../../src/model/agent.ts';
import { makeSpec, outcomeOf } from './contract.ts';
import type { World } from './worlds.ts';

type Paths = { readonly keys: string };

/** What one kind of provider does otherwise, as data. */
export interface BadInputDifferences {
  /** An API that it does not know is made, not refused. */
  readonly makesApis?: true;
  /** A scope that the API has not is added to it, or held by the client alone; the plan says it. */
  readonly takesScopes?: true;
  /** Its administrator signs nothing: a clock that is off does not matter to a registration. */
  readonly signsNothing?: true;
  /** It has no way to choose a client id: somebody else's application of our name stands beside ours. */
  readonly foreignBeside?: true;
  /** Its registration asks for no metadata: all it sends goes to the trusted address. */
  readonly asksNoMetadata?: true;
  /** A deleted application holds its name for a while: a person must end that first. */
  readonly keepsDeleted?: true;
  /** It lists no clients: two machines make two, each known to its own. */
  readonly twoMachines?: true;
}

/** What every adapter does with what should not be: a clear error, nothing left behind, nothing widened. */
export function describeBadInput(
  name: string,
  start: () => Promise<World>,
  differences: BadInputDifferences = {},
): void {
  describe(`bad input at ${name}`, () => {
    let world: World;

    beforeAll(async () => {
      world = await start();
      const anchor = await adapterWith();
      await anchor.apply(await anchor.plan(makeSpec(world, 'anchor')));
    });
    afterAll(() => world.stop());

    it.each([
      ['an address without TLS', { issuer: 'http://idp.acme.example' }],
      ['an address with a password in it', { issuer: 'https://user:pw@idp.acme.example' }],
    ])('asks nothing of %s', async (_, more) => {
      const urls: unknown[] = [];
      const spy: typeof fetch = async (input) => (urls.push(input), Response.json({}));
      const adapter = await adapterWith({ trust: { ...world.trust, ...more }, fetch: spy });
      expect((await outcomeOf(adapter.discover())).code).toBe('untrusted-issuer');
      expect((await outcomeOf(register(adapter, makeSpec(world, 'plain')))).code).toBe('untrusted-issuer');
      expect(urls).toEqual([]);
    });

    it('registers nothing where the metadata is of another issuer', async () => {
      const sent: { readonly method: string; readonly url: string }[] = [];
      const liar: typeof fetch = async (input, init) => {
        sent.push({ method: init?.method ?? 'GET', url: urlOf(input) });
        const answer = await fetch(input, init);
        if (!urlOf(input).includes('/.well-known/')) return answer;
        const endpoint = 'https://other.example/here';
        const lies = {
          issuer: 'https://other.example',
          token_endpoint: endpoint,
          registration_endpoint: endpoint,
        };
        return Response.json({ ...((await answer.json()) as object), ...lies });
      };
      const adapter = await adapterWith({ fetch: liar });
      const spec = makeSpec(world, 'liar');
      const { code } = await outcomeOf(register(adapter, spec));
      const { origin } = new URL(world.trust.issuer);
      expect(sent.filter(({ url }) => new URL(url).origin !== origin)).toEqual([]);
      if (differences.asksNoMetadata === true) await adapter.remove(spec.clientId);
      else expect(sent.filter(({ method }) => method !== 'GET')).toEqual([]);
      expect(code).toBe(differences.asksNoMetadata === true ? 'ok' : 'untrusted-issuer');
      await expectNothingOf('liar');
    });

    it.each([-600, 600])('says by how much a clock is off (%i s)', async (seconds) => {
      const adapter = await adapterWith({ clock: () => Date.now() + seconds * 1000 });
      const { code, hint } = await outcomeOf(adapter.list());
      expect(code).toBe(differences.signsNothing === true ? 'ok' : 'idp-refused');
      if (differences.signsNothing === true) return;
      const way = seconds > 0 ? 'ahead of' : 'behind';
      expect(hint).toMatch(new RegExp(`^Your clock is (59[89]|60[0-2]) s off \\(${way} the server's\\)`));
    });

    it('takes no administrator with another key', async () => {
      const paths = await makePaths(world.stranger);
      const adapter = await adapterFor(world.stranger.trust, { paths });
      const { code, message } = await outcomeOf(register(adapter, makeSpec(world, 'strange')));
      expect(code).toBe('idp-refused');
      expect(message).toMatch(/refused to/);
      await expectNothingOf('strange');
    });

    it('says which right an administrator lacks', async (test) => {
      if (world.reader === undefined) return test.skip('it has no such roles');
      const adapter = await adapterFor(world.reader, { paths: await makePaths() });
      const { code, hint } = await outcomeOf(register(adapter, makeSpec(world, 'reader')));
      expect(code).toBe('idp-refused');
      expect(hint.length).toBeGreaterThan(20);
      await expectNothingOf('reader');
    });

    it('sends no assertion twice, also where it repeats a request', async () => {
      const assertions: string[] = [];
      let failed = 0;
      const spy: typeof fetch = async (input, init) => {
        const form = new URLSearchParams(typeof init?.body === 'string' ? init.body : '');
        const bearer = String((init?.headers as Record<string, string> | undefined)?.['authorization'] ?? '');
        const sent =
          form.get('client_assertion') ?? (bearer.split('.').length === 3 ? bearer.slice(7) : null);
        if (sent !== null) assertions.push(sent);
        const safe = ['GET', 'PUT', 'DELETE'].includes(init?.method ?? 'GET');
        return safe && (failed += 1) === 2 ? Response.json({}, { status: 503 }) : fetch(input, init);
      };
      const spec = makeSpec(world, 'replay');
      const adapter = await adapterWith({ fetch: spy });
      const outcome = await outcomeOf(register(adapter, spec));
      expect(['ok', 'idp-unreachable']).toContain(outcome.code);
      const ids = assertions.filter((one) => isOwn(one, world.trust)).map((one) => decodeJwt(one).jti);
      expect(new Set(ids).size).toBe(ids.length);
      await (await adapterWith()).remove(spec.clientId);
    });

    it('has no API that nobody registered', async () => {
      const uri = 'https://unknown-api.acme.example/';
      await expectRefused('unknown', differences.makesApis, (spec) => ({
        ...spec,
        grants: spec.grants.map((grant) => ({ ...grant, uri })),
      }));
    });

    it('gives no scope that an API has not', async () => {
      await expectRefused('wide', differences.takesScopes, (spec) => ({
        ...spec,
        grants: spec.grants.map((grant) => ({ ...grant, scopes: [...grant.scopes, 'password.everything'] })),
      }));
    });

    it('never touches what somebody else made', async () => {
      const spec = makeSpec(world, 'foreign');
      const mine = (row: string): boolean => row.includes(spec.marker);
      const others = async (): Promise<readonly string[]> => (await world.rows()).filter((row) => !mine(row));
      await world.addForeign(spec);
      const before = await others();
      const adapter = await adapterWith();
      const change = await adapter.plan(spec);
      const { code } = await outcomeOf(adapter.apply({ ...change, kind: 'create' }));
      expect(code).toBe(differences.foreignBeside === true ? 'ok' : 'conflict');
      const removed = await outcomeOf(adapter.remove(spec.clientId));
      expect(removed.code).toBe(differences.foreignBeside === true ? 'ok' : 'conflict');
      expect(await others()).toEqual(before);
      await expectNothingOf('foreign');
    });

    it('makes again what was deleted behind our back', async () => {
      const paths = await makePaths();
      const adapter = await adapterFor(world.trust, { paths });
      const spec = makeSpec(world, 'gone');
      const { clientId } = await register(adapter, spec);
      await world.wipe(clientId, paths);
      expect(await adapter.inspect(clientId)).toBeUndefined();
      expect((await outcomeOf(adapter.removeKey(clientId, 'some-key'))).code).toBe('unknown-name');
      expect((await adapter.plan(spec)).kind).toBe('create');
      if (differences.keepsDeleted === true) {
        const { code, hint } = await outcomeOf(register(adapter, spec));
        expect([code, hint]).toEqual(['conflict', expect.stringContaining('Deleted applications')]);
      } else {
        await register(adapter, spec);
        expect((await adapter.plan(spec)).kind).toBe('none');
        await adapter.remove(spec.clientId);
      }
      await expectNothingOf('gone');
    });

    it('gives up in a storm of 429, having made nothing', async () => {
      let sent = 0;
      const storm: typeof fetch = async (input, init) => {
        if (urlOf(input).includes('/.well-known/')) return fetch(input, init);
        sent += 1;
        return Response.json({}, { status: 429, headers: { 'retry-after': '0' } });
      };
      const adapter = await adapterWith({ fetch: storm });
      const { code, message } = await outcomeOf(register(adapter, makeSpec(world, 'storm')));
      expect([code, message]).toEqual(['idp-unreachable', expect.stringMatching(/429|rate limit/)]);
      expect(sent).toBeLessThanOrEqual(3);
      await expectNothingOf('storm');
    });

    it('is registered once by two people at the same time', async () => {
      const spec = makeSpec(world, 'two');
      const machines = [await adapterWith(), await adapterWith()] as const;
      const changes = [await machines[0].plan(spec), await machines[1].plan(spec)] as const;
      const ends = await Promise.all([
        outcomeOf(machines[0].apply(changes[0])),
        outcomeOf(machines[1].apply(changes[1])),
      ]);
      const codes = ends.map(({ code }) => code);
      expect(codes).toContain('ok');
      expect(codes.every((code) => ['ok', 'conflict', 'idp-refused'].includes(code))).toBe(true);
      for (const machine of machines) await register(machine, spec);
      const seen = (await machines[0].list()).filter(({ marker }) => marker === spec.marker);
      expect(seen).toHaveLength(1);
      await machines[0].remove(spec.clientId);
      if (differences.twoMachines === true) await machines[1].remove(spec.clientId);
      await expectNothingOf('two');
    });

    async function expectRefused(
      id: string,
      takes: true | undefined,
      change: (spec: AgentSpec) => AgentSpec,
    ): Promise<void> {
      const spec = change(makeSpec(world, id));
      const adapter = await adapterWith();
      const { code } = await outcomeOf(register(adapter, spec));
      if (takes === true) {
        expect(code).toBe('ok');
        await adapter.remove(spec.clientId);
      } else expect(['unsupported', 'idp-refused']).toContain(code);
      await expectNothingOf(id);
    }

    async function expectNothingOf(id: string): Promise<void> {
      const { marker, clientId } = makeSpec(world, id);
      const left = (await world.rows()).filter((row) => row.includes(`"${marker}"`));
      expect(left).toEqual([]);
      expect(await (await adapterWith()).inspect(clientId).then((found) => found?.marker ?? null)).toBeNull();
    }

    interface With {
      readonly trust?: TrustedIdp;
      readonly fetch?: typeof fetch;
      readonly clock?: () => number;
    }

    async function adapterWith({ trust = world.trust, ...more }: With = {}): Promise<IdpAdapter> {
      return adapterFor(trust, { paths: await makePaths(), ...more });
    }

    async function makePaths(from: Pick<World, 'prepare'> = world): Promise<Paths> {
      const paths = { keys: join(await mkdtemp(join(tmpdir(), 'agent-id-bad-')), 'keys') };
      await from.prepare?.(paths);
      return paths;
    }
  });
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : input.toString();
}

async function register(adapter: IdpAdapter, spec: AgentSpec): ReturnType<IdpAdapter['apply']> {
  return adapter.apply(await adapter.plan(spec));
}

/** An assertion that the administrator signed, not a token of the provider's. */
function isOwn(jwt: string, { admin }: TrustedIdp): boolean {
  try {
    const { iss, jti } = decodeJwt(jwt);
    return iss === admin?.clientId && jti !== undefined;
  } catch {
    return false;
  }
}
