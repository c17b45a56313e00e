import { isServerOf } from '../idp/okta/own-api.ts';
import type { TrustedIdp, TrustedResource } from '../idp/types.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';

/** Longest lifetime of a token that nobody accepted another for, in seconds. */
const USUAL_TTL_SECONDS = 300;

/** Who issues the tokens of one resource, and how it is asked. */
export interface TokenServer {
  readonly issuer: string;
  /** How a request names the resource: RFC 8707, RFC 8693 section 2.1, or not at all. */
  readonly target: 'resource' | 'audience' | 'none';
  /** Its tokens name no user. */
  readonly agentOnly: boolean;
  readonly maxTtlSeconds: number;
  /** Its tokens are bound to a key of the process. */
  readonly dpop: boolean;
  /** The user is shown by an ID token. */
  readonly idToken: boolean;
  /** Another issuer, who takes assertions of this one: the trust file names it, or the lock one of the same organisation. */
  readonly resourceServer?: string;
}

/**
 * Finds who issues tokens for a resource. At most providers that is the issuer. Okta's custom authorization servers
 * are issuers of their own: the lock names which one, and it must be one of the trusted organisation.
 * A lifetime above five minutes is accepted only where the trust and the lock, so the plan, both say it.
 * Throws `untrusted-issuer`, before any request.
 */
export function tokenServerOf(trust: TrustedIdp, agent: LockedAgent, resource: TrustedResource): TokenServer {
  const locked = agent.resources.find(({ key }) => key === resource.key);
  const maxTtlSeconds = Math.min(resource.maxTtlSeconds, locked?.maxTtlSeconds ?? USUAL_TTL_SECONDS);
  const agentOnly = resource.agentOnly === true;
  const tokenIssuer = locked?.tokenIssuer;
  if (tokenIssuer !== undefined) assertOwnServer(trust, tokenIssuer);
  const asserts = locked?.identityAssertion === true;
  if (asserts) assertChosen(trust, tokenIssuer);
  const server = {
    issuer: asserts ? trust.issuer : (tokenIssuer ?? trust.issuer),
    target: targetOf(trust, agentOnly),
    agentOnly,
    maxTtlSeconds,
    dpop: resource.dpop === true,
    idToken: asserts || resource.subject === 'id-token',
  };
  const resourceServer = asserts ? tokenIssuer : resource.authorizationServer;
  return resourceServer === undefined ? server : { ...server, resourceServer };
}

function targetOf({ type }: TrustedIdp, agentOnly: boolean): TokenServer['target'] {
  if (type !== 'okta') return 'resource';
  return agentOnly ? 'none' : 'audience';
}

function assertChosen({ name, crossAppAccess }: TrustedIdp, tokenIssuer: string | undefined): void {
  if (crossAppAccess === true && tokenIssuer !== undefined) return;
  throw new AgentIdError('unsupported', 'the lock file has an AI agent of Okta, which are not in use here', {
    where: name,
    hint: 'Nothing was sent. Trust the provider again with the same flags and --cross-app-access.',
  });
}

/** A lock file is anybody's to edit: it chooses among the servers of the trusted organisation, no more. */
function assertOwnServer(trust: TrustedIdp, issuer: string): void {
  if (trust.type === 'okta' && isServerOf(trust.issuer, issuer)) return;
  throw new AgentIdError(
    'untrusted-issuer',
    `the lock file names a token issuer that is not of ${trust.name}`,
    {
      where: issuer.slice(0, 200),
      hint: 'Nothing was sent to it. Review the change of agent-id.lock.json.',
    },
  );
}
