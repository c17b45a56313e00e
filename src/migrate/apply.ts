import type { IdpAdapter, Registration } from '../idp/types.ts';
import type { PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import type { PlannedAgent } from '../model/plan.ts';
import type { Transaction } from './transaction.ts';
import { assertUnchanged, bytesOf, sha256, stage, stagedName, swapIn, targetOf } from './swap.ts';

/** What a migration does its effects through. Passed in, so that a test can stop it at every point. */
export interface Effects {
  readonly adapter: IdpAdapter;
  readonly keys: KeyEffects;
  /** Is told before and after each effect. A test kills the process here. */
  readonly checkpoint: (name: string) => Promise<void>;
}

export interface KeyEffects {
  /** Gives this machine's public key of an agent, if it has one. */
  find(agent: string): Promise<PublicJwk | undefined>;
  create(agent: string): Promise<PublicJwk>;
  remove(agent: string): Promise<void>;
}

/** One file's new content; the lock file's depends on what the provider answered. */
export type NewContent = string | ((registered: ReadonlyMap<string, Registered>) => string);

export interface Registered {
  readonly clientId: string;
  readonly keys: readonly PublicJwk[];
  /** What the provider answered of each resource. */
  readonly grants: Registration['grants'];
}

/**
 * Runs a begun transaction to its end: identities first, files last. Until the commit record everything can be
 * taken back; the caller rolls back when this throws before it.
 */
export async function applyTransaction(
  transaction: Transaction,
  contents: readonly NewContent[],
  effects: Effects,
): Promise<void> {
  const registered = new Map<string, Registered>();
  for (const agent of transaction.plan.agents) {
    registered.set(agent.spec.id, await registerAgent(transaction, agent, effects));
  }
  await stageFiles(transaction, contents, { registered, effects });
  await effects.checkpoint('commit.before');
  await transaction.journal.append({ step: 'commit' });
  await effects.checkpoint('commit.after');
  await swapFiles(transaction, effects);
}

async function registerAgent(
  transaction: Transaction,
  agent: PlannedAgent,
  effects: Effects,
): Promise<Registered> {
  const { id, clientId } = agent.spec;
  const keys = agent.key.place === 'here' ? [await keyOf(transaction, id, effects)] : [];
  const change = await effects.adapter.plan({ ...agent.spec, keys });
  if (change.kind === 'conflict') {
    throw new AgentIdError('conflict', `the provider has an application ${clientId} that is not ours`, {
      hint: 'Nothing was changed there. Rename the service folder, or choose another id in agent-id.config.yaml.',
    });
  }
  if (change.kind === 'none')
    return toRegistered(await effects.adapter.inspect(clientId), { clientId, keys });
  await transaction.journal.append({
    step: 'app.intent',
    agent: id,
    clientId,
    fresh: change.kind === 'create',
  });
  await effects.checkpoint(`app.${id}.before`);
  const registration = await effects.adapter.apply(change);
  await effects.checkpoint(`app.${id}.after`);
  await transaction.journal.append({ step: 'app.ok', agent: id, clientId: registration.clientId });
  return toRegistered(registration, { clientId: registration.clientId, keys });
}

function toRegistered(
  found: Registration | undefined,
  { clientId, keys }: Pick<Registered, 'clientId' | 'keys'>,
): Registered {
  return { clientId: found?.clientId ?? clientId, keys, grants: found?.grants ?? [] };
}

async function keyOf(transaction: Transaction, agent: string, effects: Effects): Promise<PublicJwk> {
  const existing = await effects.keys.find(agent);
  if (existing !== undefined) return existing;
  await transaction.journal.append({ step: 'key.intent', agent });
  await effects.checkpoint(`key.${agent}.before`);
  const key = await effects.keys.create(agent);
  await effects.checkpoint(`key.${agent}.after`);
  await transaction.journal.append({ step: 'key.ok', agent, thumbprint: key.kid });
  return key;
}

interface Staging {
  readonly registered: ReadonlyMap<string, Registered>;
  readonly effects: Effects;
}

async function stageFiles(
  transaction: Transaction,
  contents: readonly NewContent[],
  { registered, effects }: Staging,
): Promise<void> {
  for (const [n, file] of transaction.plan.files.entries()) {
    const content = contents[n];
    if (content === undefined)
      throw new AgentIdError('internal', 'the plan and its contents differ in length');
    const after = typeof content === 'string' ? content : content(registered);
    await assertUnchanged(transaction.root, file);
    const target = await targetOf(transaction.root, file.path);
    await transaction.journal.append({ step: 'stage.intent', file: n, sha256: sha256(after) });
    await effects.checkpoint(`stage.${n}.before`);
    await stage(target, stagedName(target, transaction.id, n), after);
    await effects.checkpoint(`stage.${n}.after`);
  }
  for (const file of transaction.plan.files) await assertUnchanged(transaction.root, file);
}

/** Swaps all staged files in and proves what stands there. After the commit record; safe to repeat. */
export async function swapFiles(transaction: Transaction, effects: Effects): Promise<void> {
  for (const [n, file] of transaction.plan.files.entries()) {
    const target = await targetOf(transaction.root, file.path);
    await effects.checkpoint(`swap.${n}.before`);
    await swapIn(target, stagedName(target, transaction.id, n));
    await effects.checkpoint(`swap.${n}.after`);
    const bytes = await bytesOf(target);
    if (bytes === null || sha256(bytes) !== stagedHash(transaction, n)) {
      throw new AgentIdError('changed-since', 'a file was changed by somebody while the migration wrote it', {
        where: file.path,
        hint: 'agent-id migrate --rollback restores what it can and names the rest.',
      });
    }
    await transaction.journal.append({ step: 'swapped', file: n });
  }
  await transaction.journal.append({ step: 'applied' });
  await effects.checkpoint('applied');
}

/** Says whether agent-id wrote what a file holds: the migration itself, or a later note in the lock file. */
export function isOwn(transaction: Transaction, n: number, hash: string | null): boolean {
  const isNoted = transaction.journal.records.some(
    (one) => one.step === 'noted' && one.file === n && one.sha256 === hash,
  );
  return isNoted || hash === stagedHash(transaction, n);
}

/** Gives the hash of the content that was staged for a file, if it came to that. */
function stagedHash({ journal }: Transaction, n: number): string | undefined {
  const record = journal.records.findLast((one) => one.step === 'stage.intent' && one.file === n);
  return record?.step === 'stage.intent' ? record.sha256 : undefined;
}
