import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import type { AgentSpec, PublicJwk } from '../../src/model/agent.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { makeKey } from './kit.ts';

/** A running server, and what the user would have trusted. */
export interface Subject {
  readonly trust: TrustedIdp;
  readonly resource: string;
  /** A scope of that resource; default `okta.users.read`. */
  readonly scope?: string;
  /** Makes a key of a kind that it takes; default P-256. */
  makeKey?(): PublicJwk;
  /** Metadata that it does not publish. */
  readonly absentMetadata?: readonly 'registration_endpoint'[];
  /** Puts into the key store what `idp add` would. */
  prepare?(paths: { readonly keys: string }): Promise<void>;
  stop(): Promise<void>;
}

/** What holds for every adapter, run against a real server. */
export function describeAdapter(name: string, start: () => Promise<Subject>): void {
  describe(`adapter ${name}`, () => {
    let subject: Subject;
    let adapter: IdpAdapter;
    let folder: string;
    const seen: string[] = [];

    beforeAll(async () => {
      subject = await start();
      folder = await mkdtemp(join(tmpdir(), 'agent-id-contract-'));
      await subject.prepare?.({ keys: join(folder, 'keys') });
      adapter = await adapterFor(subject.trust, { paths: { keys: join(folder, 'keys') }, fetch: spy });
    });
    afterAll(async () => {
      await subject.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const spy: typeof fetch = (input, init) => {
      seen.push(input instanceof Request ? input.url : String(input));
      return fetch(input, init);
    };

    it('says what the server can do from its metadata', async () => {
      const metadata = await adapter.discover();
      expect(metadata.issuer).toBe(subject.trust.issuer);
      if (subject.absentMetadata?.includes('registration_endpoint') === true) {
        expect(metadata).not.toHaveProperty('registration_endpoint');
      } else expect(metadata.registration_endpoint).toMatch(/^http:\/\/127\.0\.0\.1:/);
    });

    it('plans without changing anything', async () => {
      const spec = makeSpec(subject, 'planned');
      expect(await adapter.plan(spec)).toMatchObject({ kind: 'create', spec });
      expect(await adapter.plan(spec)).toMatchObject({ kind: 'create' });
      expect(await adapter.inspect(spec.clientId)).toBeUndefined();
    });

    it('registers once, however often it is asked', async () => {
      const spec = makeSpec(subject, 'twice');
      const change = await adapter.plan(spec);
      const first = await adapter.apply(change);
      expect(first).toMatchObject({ displayName: spec.displayName, status: 'active', marker: spec.marker });
      expect(first.keys.map((key) => key.kid)).toEqual(spec.keys.map((key) => key.kid));
      expect(await adapter.apply(change)).toEqual(first);
      expect(await adapter.plan(spec)).toMatchObject({ kind: 'none', lines: [] });
      const all = await adapter.list();
      expect(all.filter((one) => one.displayName === spec.displayName)).toHaveLength(1);
      if (adapter.capabilities.recoversLostAnswers)
        expect(await adapter.inspect(spec.clientId)).toEqual(first);
    });

    it('updates what differs, and keeps the keys of other machines', async () => {
      const spec = makeSpec(subject, 'changing');
      await adapter.apply(await adapter.plan(spec));
      const { clientId } = await adapter.apply(await adapter.plan(spec));
      const laptop = newKey();
      await adapter.addKey(clientId, laptop);
      const wanted = { ...spec, displayName: 'Changed Agent' };
      const change = await adapter.plan(wanted);
      expect(change.kind).toBe('update');
      expect(change.lines.join('\n')).toContain('Changed Agent');
      const changed = await adapter.apply(change);
      expect(changed.displayName).toBe('Changed Agent');
      expect(changed.keys.map((key) => key.kid)).toContain(laptop.kid);
      expect((await adapter.plan(wanted)).kind).toBe('none');
    });

    it('adds and removes the key of a machine', async () => {
      const { clientId, keys } = await register('keys');
      const key = newKey();
      expect((await adapter.addKey(clientId, key)).keys).toHaveLength(2);
      expect((await adapter.addKey(clientId, key)).keys).toHaveLength(2);
      expect((await adapter.removeKey(clientId, key.kid)).keys.map((one) => one.kid)).toEqual(
        keys.map((one) => one.kid),
      );
      expect((await adapter.removeKey(clientId, key.kid)).keys).toHaveLength(1);
    });

    it('revokes, says so, and restores where it can', async () => {
      const { clientId } = await register('revoked');
      await adapter.revoke(clientId);
      await adapter.revoke(clientId);
      expect((await adapter.inspect(clientId))?.status).toBe('revoked');
      if (adapter.capabilities.restore) {
        await adapter.restore(clientId);
        expect((await adapter.inspect(clientId))?.status).toBe('active');
      } else {
        expect(await codeOf(adapter.restore(clientId))).toBe('unsupported');
      }
    });

    it('removes, and a missing one is no error', async () => {
      const { clientId } = await register('removed');
      await adapter.remove(clientId);
      await adapter.remove(clientId);
      expect(await adapter.inspect(clientId)).toBeUndefined();
      expect((await adapter.list()).some((one) => one.clientId === clientId)).toBe(false);
    });

    it('keeps everything for another process on the same state', async () => {
      const { clientId } = await register('kept');
      const again = await adapterFor(subject.trust, { paths: { keys: join(folder, 'keys') } });
      expect((await again.inspect(clientId))?.status).toBe('active');
    });

    it('talks to the trusted server only', () => {
      const hosts = new Set(seen.map((url) => new URL(url).hostname));
      expect([...hosts]).toEqual(['127.0.0.1']);
    });

    it('refuses metadata of another issuer before it registers anything', async () => {
      const urls: string[] = [];
      const liar: typeof fetch = async (input) => {
        urls.push(input instanceof Request ? input.url : input.toString());
        return Response.json({
          issuer: 'https://other.example',
          token_endpoint: 'https://other.example/token',
        });
      };
      const fooled = await adapterFor(subject.trust, { paths: { keys: join(folder, 'keys') }, fetch: liar });
      expect(await codeOf(fooled.discover())).toBe('untrusted-issuer');
      expect(urls).toHaveLength(1);
    });

    it('says that a server that is away does not answer', async () => {
      const trust = { ...subject.trust, issuer: subject.trust.issuer.replace(/:\d+/, ':9') };
      const away = await adapterFor(trust, { paths: { keys: join(folder, 'keys') } });
      expect(await codeOf(away.discover())).toBe('idp-unreachable');
    });

    function newKey(): PublicJwk {
      return keyFor(subject);
    }

    async function register(id: string): Promise<Awaited<ReturnType<IdpAdapter['apply']>>> {
      return adapter.apply(await adapter.plan(makeSpec(subject, id)));
    }
  });
}

/** An agent that acts for users at a provider's API. */
export function makeSpec(subject: Pick<Subject, 'makeKey' | 'resource' | 'scope'>, id: string): AgentSpec {
  return {
    id,
    displayName: `${id.charAt(0).toUpperCase()}${id.slice(1)} Agent`,
    owner: '@acme/support',
    actsFor: 'user',
    clientId: `agent-id.${id}.abcdefgh`,
    keys: [keyFor(subject)],
    grants: [{ uri: subject.resource, scopes: [subject.scope ?? 'okta.users.read'], maxTtlSeconds: 300 }],
    marker: `tx-${id}`,
  };
}

export function keyFor(subject: Pick<Subject, 'makeKey'>): PublicJwk {
  return subject.makeKey?.() ?? makeKey().publicKey;
}

/** What a task ends with: the code of its error, or `ok`; and what the person is told. */
export async function outcomeOf(
  task: Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string; readonly hint: string }> {
  return task.then(
    () => ({ code: 'ok', message: '', hint: '' }),
    (error: unknown) =>
      error instanceof AgentIdError
        ? { code: error.code, message: error.message, hint: error.hint ?? '' }
        : { code: String(error), message: '', hint: '' },
  );
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error instanceof AgentIdError ? error.code : String(error);
  }
}
