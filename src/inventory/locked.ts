import type { Lock } from '../model/agent.ts';
import type { Consumer, ConsumerKind, MappedSecret } from '../model/consumer.ts';
import type { SecretGroup } from './group.ts';

/** Gives the fingerprint under which the lock knows a secret: by value, else by name. A migrated file holds no value. */
export function lockedSecret(lock: Lock | null, group: SecretGroup): string | undefined {
  if (lock === null) return undefined;
  const own = new Set(group.findings.map((finding) => finding.secret));
  const entries = Object.entries(lock.secrets);
  const byValue = entries.find(([secret]) => own.has(secret));
  const byName = entries.find(
    ([, known]) =>
      known.state === 'active' &&
      known.provider === group.provider &&
      known.names.some((name) => group.names.includes(name)),
  );
  return (byValue ?? byName)?.[0];
}

/** Gives the agent's id of each consumer in the lock: its name stands. */
export function lockedNames(lock: Lock | null): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(lock?.agents ?? {}).flatMap(([id, agent]) =>
      agent.consumers.map((consumer) => [consumer.id, id]),
    ),
  );
}

/** Gives the state that the lock records for a consumer of a secret. */
export function lockedState(
  lock: Lock | null,
  secret: string,
  consumer: string,
): Consumer['state'] | undefined {
  return Object.values(lock?.agents ?? {})
    .flatMap((agent) => agent.consumers)
    .find((one) => one.id === consumer && one.secret === secret)?.state;
}

/** Makes the consumers that only the lock still knows: rewritten ones no longer name the secret. */
export function rewrittenConsumers(
  lock: Lock | null,
  secret: string,
  api: string | null,
  found: ReadonlySet<string>,
): readonly Consumer[] {
  return Object.entries(lock?.agents ?? {}).flatMap(([id, agent]) =>
    agent.consumers
      .filter((one) => one.secret === secret && !found.has(one.id))
      .map((one) => {
        const scopes = agent.resources.flatMap((resource) => resource.scopes);
        const first = scopes[0]?.evidence[0];
        return {
          id: one.id,
          kind: kindOf(one.id),
          path: first?.path ?? pathOf(one.id),
          line: first?.line ?? 1,
          name: id,
          how: 'env' as const,
          confidence: 'confirmed' as const,
          actsFor: agent.flow === 'on-behalf-of' ? ('user' as const) : ('itself' as const),
          actsForReason: 'the lock file says so',
          owner: { who: agent.owner, evidence: 'agent-id.lock.json' },
          api,
          places: [],
          scopes,
          unknown: [],
          state: one.state,
        };
      }),
  );
}

/** Makes the secrets that only the lock still knows, as long as they are not retired. */
export function lockedSecrets(lock: Lock | null, found: ReadonlySet<string>): readonly MappedSecret[] {
  return Object.entries(lock?.secrets ?? {})
    .filter(([secret, known]) => known.state === 'active' && !found.has(secret))
    .map(([secret, known]) => {
      const consumers = rewrittenConsumers(lock, secret, known.provider, new Set());
      return {
        secret,
        rule: known.rule,
        provider: known.provider,
        names: known.names,
        storedIn: [],
        consumers,
        reaches: [],
        owner: consumers[0]?.owner ?? { who: null, evidence: 'agent-id.lock.json' },
        risk: { score: 0, reasons: [] },
      };
    });
}

const kinds: readonly ConsumerKind[] = [
  'code',
  'ci-job',
  'container',
  'k8s',
  'cron',
  'systemd',
  'terraform',
  'mcp-server',
  'script',
  'npm-script',
  'config',
];

/** Gives the kind that a consumer's id names. */
export function kindOf(id: string): ConsumerKind {
  return kinds.find((kind) => id.startsWith(`${kind}:`)) ?? 'config';
}

/** Gives the file or folder that a consumer's id names. */
export function pathOf(id: string): string {
  return id.slice(id.indexOf(':') + 1).replace(/#.*$/, '');
}
