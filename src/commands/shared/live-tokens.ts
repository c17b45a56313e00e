import type { IdpAdapter, TrustedIdp } from '../../idp/types.ts';
import type { LockedAgent } from '../../model/agent.ts';

/** Longest life of tokens that a provider sets itself, whatever an agent asks for, in seconds. */
const ownLifetimes: Partial<Record<TrustedIdp['type'], number>> = {
  // Entra ID: 60 to 90 minutes, by chance.
  entra: 5400,
};

const OKTA_OWN_SECONDS = 3600;

/** Says how long tokens that are out work on after a revocation, and where. */
export function liveTokens(agent: LockedAgent, { capabilities, trust }: IdpAdapter): string {
  const minutes = Math.ceil(longest(agent, trust, capabilities.minTtlSeconds) / 60);
  if (trust.type === 'embedded') return 'Its tokens are dead as well.';
  const end = `until they end, at most ${minutes} minutes`;
  return capabilities.revokeIssued
    ? `Its tokens are dead where an API asks ${trust.name} (introspection); one that only checks signatures takes them ${end}.`
    : `It gets no new token; those that it has work on ${end}: ${trust.name} takes none back.`;
}

function longest(
  { resources }: LockedAgent,
  { resources: trusted, type }: TrustedIdp,
  least: number,
): number {
  const own = resources.map(({ maxTtlSeconds, scopes, uri }) => {
    // Okta's own server gives tokens of one hour, which no setting changes.
    if (type === 'okta' && scopes.some(({ scope }) => scope.startsWith('okta.'))) return OKTA_OWN_SECONDS;
    return Math.max(maxTtlSeconds, trusted.find((one) => one.uri === uri)?.maxTtlSeconds ?? 0);
  });
  return Math.max(least, ownLifetimes[type] ?? 0, ...own);
}
