import { setTimeout as sleep } from 'node:timers/promises';
import { createAgent } from '../exchange/agent.ts';
import { ExchangeError } from '../exchange/error.ts';
import { createKeySigner } from '../exchange/node.ts';
import type { IdpAdapter } from '../idp/types.ts';
import { createHttp } from '../lib/http.ts';
import { endRotation, openRotation, swapKey, withRotationLock, type Rotation } from '../lib/key-rotation.ts';
import { readKeychain } from '../lib/keychain.ts';
import { agentKeyFile, rotationFiles } from '../lib/keys.ts';
import type { KeyChoice } from '../lib/key-settings.ts';
import type { StatePaths } from '../lib/state.ts';
import { systemEnv, systemFetch } from '../lib/system.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { writeSuccessor, type KeyWish } from './custody.ts';
import { keptMetadata } from './metadata.ts';
import { tokenServerOf } from './token-server.ts';

/** How long a provider may take until it knows a key that it was given. */
const PROOF_MS = 30_000;
const PROOF_PAUSE_MS = 250;

/** Whose key is replaced, and how. */
export interface Rotating {
  readonly id: string;
  readonly locked: LockedAgent;
  readonly adapter: IdpAdapter;
  readonly paths: StatePaths;
  /** The repository: no program of it is run. */
  readonly root: string;
  /** Which key is to be the new one; undefined: one that lies where the old one does. */
  readonly chosen: KeyChoice | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What the machine is called, where the provider keeps names. */
  readonly machine: string;
  /** How long both keys are good after the swap, in milliseconds: for requests that are on their way. */
  readonly overlapMs: number;
  /** Called when the new key is this machine's, before the old one ends. May be called again after a crash. */
  readonly onSwapped: (rotation: Rotation) => Promise<void>;
}

/**
 * Replaces this machine's key of an agent: adds the new one at the provider, proves it there, swaps the file, removes the
 * old one. At every moment the key in the file is good; a run that was broken off is gone on with. What fails before the
 * swap is taken back. Throws `not-enrolled`, `not-ready`, `locked`, and what the adapter throws.
 */
export async function rotateKey(rotating: Rotating): Promise<Rotation> {
  const { adapter, chosen, id, locked, paths } = rotating;
  return withRotationLock(paths, id, async () => {
    const rotation = await openRotation(paths, id, async (file, current) =>
      writeSuccessor(wishOf(rotating), file, { current, chosen }),
    );
    if (!rotation.swapped) {
      await takenBack(rotating, rotation, () => addAndProve(rotating, rotation));
      await swapKey(paths, id);
    }
    await rotating.onSwapped(rotation);
    await sleep(rotating.overlapMs);
    await adapter.removeKey(locked.clientId, rotation.old);
    await endRotation(paths, id);
    return rotation;
  });
}

function wishOf({ id, paths, root }: Rotating): KeyWish {
  return { agentId: id, paths, root, kind: undefined, custody: { env: systemEnv(), readKeychain } };
}

async function addAndProve(rotating: Rotating, rotation: Rotation): Promise<void> {
  const { adapter, locked, machine } = rotating;
  const { clientId } = locked;
  const found = await adapter.inspect(clientId);
  if (found?.status !== 'active') throw notActive(rotating, found === undefined);
  if (rotation.orphan !== null) await adapter.removeKey(clientId, rotation.orphan);
  // A provider that lets in a key before it was added would make the proof say nothing.
  if (!rotation.resumed && (await isAccepted(rotating))) throw provesNothing(rotating);
  await adapter.addKey(clientId, rotation.next, found.machines?.[rotation.old] ?? machine);
  await untilAccepted(rotating);
}

async function untilAccepted(rotating: Rotating): Promise<void> {
  const ends = rotating.clock() + PROOF_MS;
  for (;;) {
    let cause: unknown;
    try {
      if (await isAccepted(rotating)) return;
    } catch (error) {
      cause = error;
    }
    if (rotating.clock() > ends) throw notProven(rotating, cause);
    await sleep(PROOF_PAUSE_MS);
  }
}

/** Where even taking back fails, the note stays: the next run goes on. */
async function takenBack(
  { adapter, id, locked, paths }: Rotating,
  { next }: Rotation,
  task: () => Promise<void>,
): Promise<void> {
  try {
    await task();
  } catch (error) {
    const gone = await adapter.removeKey(locked.clientId, next.kid).then(
      () => true,
      (cause: unknown) => cause instanceof AgentIdError && cause.code === 'unknown-name',
    );
    if (gone) await endRotation(paths, id);
    throw error;
  }
}

/**
 * Asks the token endpoint with an assertion of the new key. An agent that acts only for users gets no token so, but is
 * refused for another reason than its key.
 */
async function isAccepted({ adapter, clock, id, locked, paths }: Rotating): Promise<boolean> {
  const [reached] = locked.resources;
  if (reached === undefined) return true;
  const { issuer, target, maxTtlSeconds } = tokenServerOf(adapter.trust, locked, {
    displayName: reached.key,
    ...reached,
    ...adapter.trust.resources.find(({ key }) => key === reached.key),
    scopes: [],
  });
  const metadata = await keptMetadata(issuer, createHttp({ clock }), clock);
  const agent = createAgent({
    signer: await createKeySigner(rotationFiles(paths, id).next, { env: systemEnv(), readKeychain }),
    fetch: systemFetch,
    clock,
    clientId: locked.clientId,
    issuer,
    tokenEndpoint: metadata.token_endpoint,
    target,
    requireAct: false,
    maxTtlSeconds,
  });
  try {
    const scopes = reached.scopes.map(({ scope }) => scope);
    await agent.asItself().token({ resource: reached.uri, scopes });
    return true;
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.kind === 'failed') throw error;
    return error.status !== 401 && error.code !== 'invalid-client';
  }
}

function notActive({ adapter, id, locked }: Rotating, missing: boolean): AgentIdError {
  return new AgentIdError(
    missing ? 'unknown-name' : 'not-ready',
    `${locked.displayName} is ${missing ? 'not registered' : 'revoked'} at ${adapter.trust.name}: its new key could not be proven`,
    {
      where: adapter.trust.issuer,
      hint: missing ? 'See: agent-id agents gc' : `First: agent-id agents restore ${id}`,
    },
  );
}

function provesNothing({ adapter }: Rotating): AgentIdError {
  return new AgentIdError('unsupported', `${adapter.trust.name} does not say whether it took a key`, {
    where: adapter.trust.issuer,
    hint: 'Nothing was changed. Enroll a second key, try it, and remove the first: agent-id agents remove A --key KEY',
  });
}

function notProven({ adapter, paths, id }: Rotating, cause: unknown): AgentIdError {
  return new AgentIdError('idp-refused', 'the provider took the new key and does not accept it', {
    ...(cause === undefined ? {} : { cause }),
    where: adapter.trust.issuer,
    hint: `The key was taken away again; the old one goes on: ${agentKeyFile(paths, id)}`,
  });
}
