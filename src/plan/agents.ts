import { createHash } from 'node:crypto';
import type { ActsFor, Consumer, MappedSecret, ScopeEvidence } from '../model/consumer.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';

/** An API that takes the provider's tokens, as the user's trust file says. */
export interface PlanResource {
  readonly key: string;
  readonly uri: string;
  readonly displayName: string;
  readonly scopes: readonly string[];
  readonly maxTtlSeconds: number;
  /** Its tokens name no user. */
  readonly agentOnly?: true;
  readonly fronts?: { readonly api: string; readonly baseUrl: string };
}

/** What one consumer becomes: an agent, or a step that a person must do first. */
export type Outcome = { readonly agent: PlannedAgent } | { readonly manual: ManualStep };

export interface PlanContext {
  /** Transaction id. */
  readonly id: string;
  /** Keeps client ids of two repositories apart. */
  readonly salt: string;
  readonly resources: readonly PlanResource[];
  /** Scopes that the person chose instead of the inferred ones, by agent id. */
  readonly chosenScopes: Readonly<Record<string, readonly string[]>>;
  readonly displayNames: Readonly<Record<string, string>>;
  /** Owners that the settings name, by agent id: they win over what the repository shows. */
  readonly owners: Readonly<Record<string, string>>;
}

/** Turns one consumer of one secret into the agent that replaces it. Pure; `change` is filled in by the provider. */
export function toPlannedAgent(secret: MappedSecret, consumer: Consumer, context: PlanContext): Outcome {
  const scopes = scopesOf(consumer, context.chosenScopes[consumer.name]);
  const refuse = (why: string, what: string): Outcome => ({
    manual: { path: consumer.path, line: consumer.line, agent: consumer.name, why, what },
  });
  if (scopes.length === 0) {
    return refuse(
      'no call that needs a scope was found, and scopes are never guessed',
      `Name them: --scopes ${consumer.name}=SCOPE,SCOPE, or leave this consumer out.`,
    );
  }
  const resource = resourceFor(consumer.api ?? secret.provider, scopes, context.resources);
  if (resource === undefined) {
    return refuse(
      `no trusted API takes five-minute delegated tokens for ${scopes.map((one) => one.scope).join(', ')}`,
      "The provider's own API issues tokens of one hour without a user. Put a company API in front, or trust that API itself for agent-only tokens narrowed by an admin role (agent-id idp add … --resource KEY=ISSUER#SCOPE,SCOPE).",
    );
  }
  return { agent: plannedAgent(secret, consumer, { ...context, resource, scopes }) };
}

function plannedAgent(
  secret: MappedSecret,
  consumer: Consumer,
  context: PlanContext & { readonly resource: PlanResource; readonly scopes: readonly ScopeEvidence[] },
): PlannedAgent {
  const { resource, scopes } = context;
  const displayName = context.displayNames[consumer.name] ?? toDisplayName(consumer.name);
  const actsFor = resource.agentOnly === true ? 'itself' : consumer.actsFor;
  return {
    spec: {
      id: consumer.name,
      displayName,
      owner: context.owners[consumer.name] ?? consumer.owner.who,
      actsFor,
      clientId: toClientId(consumer.name, `${context.salt}|${consumer.id}`),
      keys: [],
      grants: [
        {
          uri: resource.uri,
          scopes: scopes.map((one) => one.scope),
          // More than 300 only where the person said so with `idp add`; the plan prints it.
          maxTtlSeconds: resource.maxTtlSeconds,
          ...operationsOf(scopes),
        },
      ],
      marker: context.id,
    },
    consumer: consumer.id,
    kind: consumer.kind,
    secret: secret.secret,
    actsFor,
    actsForReason: resource.agentOnly === true ? toAgentOnlyReason(resource) : consumer.actsForReason,
    resource: { key: resource.key, uri: resource.uri, displayName: resource.displayName },
    scopes,
    change: 'create',
    changeLines: [],
    key: keyPlace(consumer, actsFor),
  };
}

function toAgentOnlyReason({ displayName, maxTtlSeconds }: PlanResource): string {
  return `${displayName} gives tokens of ${maxTtlSeconds} s that name the agent and no user`;
}

/** Gives the calls behind the scopes, where code shows every one of them: a provider may then grant less than a scope. */
function operationsOf(scopes: readonly ScopeEvidence[]): { readonly operations?: readonly string[] } {
  const calls = scopes.flatMap(({ evidence }) => evidence.map(({ call }) => call));
  const known = scopes.every(({ evidence }) => evidence.length > 0) && !calls.includes(chosen);
  return known ? { operations: [...new Set(calls)] } : {};
}

const chosen = 'chosen by a person';

function scopesOf(consumer: Consumer, wanted: readonly string[] | undefined): readonly ScopeEvidence[] {
  if (wanted === undefined) return consumer.scopes;
  return wanted.map(
    (scope) =>
      consumer.scopes.find((one) => one.scope === scope) ?? {
        scope,
        evidence: [{ path: consumer.path, line: consumer.line, call: chosen }],
      },
  );
}

function resourceFor(
  api: string,
  scopes: readonly ScopeEvidence[],
  resources: readonly PlanResource[],
): PlanResource | undefined {
  const fitting = resources.filter(
    (resource) => resource.fronts?.api === api && scopes.every((one) => resource.scopes.includes(one.scope)),
  );
  return fitting.find((resource) => resource.agentOnly !== true) ?? fitting[0];
}

/** Gives `Password-Reset Agent` for `password-reset`. */
export function toDisplayName(id: string): string {
  const words = id.split('-').filter((word) => word !== '');
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('-')} Agent`;
}

/** Gives our own client id, the same for each run, so that a create whose answer was lost is found again. */
export function toClientId(agent: string, seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const suffix = [...digest.subarray(0, 8)].map((byte) => alphabet.charAt(byte % 32)).join('');
  return `agent-id.${agent}.${suffix}`;
}

function keyPlace(consumer: Consumer, actsFor: ActsFor): PlannedAgent['key'] {
  const enroll = `agent-id agents enroll ${consumer.name}`;
  if (consumer.kind === 'ci-job') {
    return {
      place: 'elsewhere',
      where: 'the machine that runs the CI job',
      enroll: `${enroll} --name ci-runner, or, where the job itself has an identity (OIDC), here and without a key: ${enroll} --ci ISSUER --claim NAME=VALUE`,
    };
  }
  const where =
    actsFor === 'user' && consumer.kind === 'code'
      ? 'this machine, and each that runs the service'
      : 'this machine';
  return { place: 'here', where, enroll };
}
