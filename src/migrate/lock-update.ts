import { renderLock } from '../lib/lock-file.ts';
import type { Lock, LockedAgent, LockedSecret } from '../model/agent.ts';
import type { ConsumerState, ScopeEvidence } from '../model/consumer.ts';
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
    agents[agent.spec.id] = toLockedAgent(
      { input, agent, before: agents[agent.spec.id] },
      registered.get(agent.spec.id),
    );
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

interface Locking {
  readonly input: LockInput;
  readonly agent: PlannedAgent;
  /** What stands in the lock, also by another secret of the same consumer. */
  readonly before: LockedAgent | undefined;
}

function toLockedAgent({ input, agent, before }: Locking, registered: Registered | undefined): LockedAgent {
  const { spec } = agent;
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
      ...grantedBy(
        input.plan.agents.filter((one) => one.spec.id === spec.id && one.resource.uri === grant.uri),
      ),
      uri: grant.uri,
      maxTtlSeconds: grant.maxTtlSeconds,
      ...tokenServerOf(registered?.grants, grant.uri),
    })),
    consumers: toConsumers({ input, agent, before }),
    ...(before?.reviewed === undefined ? {} : { reviewed: before.reviewed }),
  };
}

/** Several secrets of one consumer may need the same resource: all of its scopes, each once. */
function grantedBy(agents: readonly PlannedAgent[]): {
  readonly key: string;
  readonly scopes: readonly ScopeEvidence[];
} {
  const scopes = new Map(agents.flatMap((agent) => agent.scopes.map((one) => [one.scope, one] as const)));
  return { key: agents[0]?.resource.key ?? '', scopes: [...scopes.values()] };
}

/** Gives what else is known of the agent, and the consumer with this secret. */
function toConsumers({ input, agent, before }: Locking): LockedAgent['consumers'] {
  const state: ConsumerState = input.rewritten.has(agent.spec.id) ? 'rewritten' : 'registered';
  const sha = input.helperSha256.get(agent.spec.id);
  const others = (before?.consumers ?? []).filter(
    (one) => one.id !== agent.consumer || one.secret !== agent.secret,
  );
  const own = { id: agent.consumer, secret: agent.secret, state };
  return [...others, { ...own, ...(sha === undefined ? {} : { helperSha256: sha }) }];
}
