import { renderLock } from '../lib/lock-file.ts';
import type { Lock, LockedAgent, LockedSecret } from '../model/agent.ts';
import type { ConsumerState } from '../model/consumer.ts';
import type { Plan, PlannedAgent } from '../model/plan.ts';
import { tokenServerOf } from '../plan/token-server.ts';
import type { NewContent, Registered } from './apply.ts';

export interface LockInput {
  readonly lock: Lock;
  readonly plan: Pick<Plan, 'idp' | 'agents' | 'secrets'>;
  /** Agents of which every file could be rewritten. */
  readonly rewritten: ReadonlySet<string>;
  /** Checksums of vendored helpers, by agent. */
  readonly helperSha256: ReadonlyMap<string, string>;
}

/** Gives the lock file as it will be; client ids and keys come from what the provider answered. */
export function toLockContent(input: LockInput): NewContent {
  return (registered) => renderLock(updatedLock(input, registered));
}

function updatedLock(input: LockInput, registered: ReadonlyMap<string, Registered>): Lock {
  const agents: Record<string, LockedAgent> = { ...input.lock.agents };
  for (const agent of input.plan.agents) {
    agents[agent.spec.id] = toLockedAgent(input, agent, registered.get(agent.spec.id));
  }
  const secrets: Record<string, LockedSecret> = { ...input.lock.secrets };
  for (const secret of input.plan.secrets) {
    secrets[secret.secret] = {
      names: secret.names,
      rule: secret.rule,
      provider: secret.provider,
      handle: secret.handle?.id ?? null,
      state: 'active',
    };
  }
  return { schemaVersion: 1, agents, secrets };
}

function toLockedAgent(
  input: LockInput,
  agent: PlannedAgent,
  registered: Registered | undefined,
): LockedAgent {
  const { spec } = agent;
  const state: ConsumerState = input.rewritten.has(spec.id) ? 'rewritten' : 'registered';
  const sha = input.helperSha256.get(spec.id);
  const before = input.lock.agents[spec.id];
  const known = before?.keys ?? [];
  const fresh = (registered?.keys ?? []).filter((key) => known.every((one) => one.thumbprint !== key.kid));
  return {
    displayName: spec.displayName,
    owner: spec.owner,
    idp: input.plan.idp.name,
    issuer: input.plan.idp.issuer,
    clientId: registered?.clientId ?? spec.clientId,
    keys: [...known, ...fresh.map((key) => ({ thumbprint: key.kid, name: 'migrate' }))],
    flow: agent.actsFor === 'user' ? 'on-behalf-of' : 'as-itself',
    resources: spec.grants.map((grant) => ({
      key: agent.resource.key,
      uri: grant.uri,
      scopes: agent.scopes,
      maxTtlSeconds: grant.maxTtlSeconds,
      ...tokenServerOf(registered?.grants, grant.uri),
    })),
    consumers: [
      {
        id: agent.consumer,
        secret: agent.secret,
        state,
        ...(sha === undefined ? {} : { helperSha256: sha }),
      },
    ],
    ...(before?.reviewed === undefined ? {} : { reviewed: before.reviewed }),
  };
}
