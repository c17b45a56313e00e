import { trustedByIssuer } from '../idp/trust.ts';
import { readClaims } from '../exchange/encode.ts';
import type { TrustedIdp } from '../idp/types.ts';
import { assertSecure } from '../lib/http.ts';
import type { StatePaths } from '../lib/state.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import type { Secret } from '../model/secret.ts';

/**
 * Gives the trust in an agent's provider: what this user added, else, in a CI job that has no state, the issuer that
 * `AGENT_ID_ISSUER` names. The lock never adds one: it must name the same. Throws `untrusted-issuer`.
 */
export async function trustForAgent(
  locked: LockedAgent,
  paths: Pick<StatePaths, 'idp'>,
  env: NodeJS.ProcessEnv,
): Promise<TrustedIdp> {
  const issuer = issuerIn(env);
  try {
    return await trustedByIssuer(paths, locked.issuer);
  } catch (error) {
    const unknown = error instanceof AgentIdError && error.code === 'untrusted-issuer';
    if (!unknown || issuer === undefined) throw error;
  }
  if (issuer === locked.issuer) return toTrust(locked);
  throw new AgentIdError('untrusted-issuer', 'the lock file names another issuer than AGENT_ID_ISSUER', {
    where: locked.issuer.slice(0, 200),
    hint: `Nothing was sent to either. AGENT_ID_ISSUER is ${issuer}: review agent-id.lock.json, or correct the variable.`,
  });
}

/** Reads `AGENT_ID_ISSUER`; `undefined` where it is not set. Throws `untrusted-issuer` for an address without TLS. */
export function issuerIn(env: NodeJS.ProcessEnv): string | undefined {
  const issuer = env['AGENT_ID_ISSUER'];
  if (issuer === undefined || issuer === '') return undefined;
  assertSecure(issuer);
  return issuer;
}

/**
 * Refuses to show a user's token to an issuer that only the environment names, unless it is that issuer's own: variables
 * may come from a file of the repository, as the lock does. Throws `untrusted-issuer`.
 */
export function assertOwnUser({ fromEnvironment, issuer }: TrustedIdp, subject: Secret): void {
  if (fromEnvironment !== true || readClaims(subject.open())?.['iss'] === issuer) return;
  throw new AgentIdError('untrusted-issuer', "the user's token is not of the issuer in AGENT_ID_ISSUER", {
    where: issuer,
    hint: 'It was not sent. If this provider takes tokens of another, trust it on this machine: agent-id idp add',
  });
}

/** Which APIs there are comes from the lock: whether the agent may have a token for one is the issuer's decision. */
function toTrust({ idp, issuer, resources }: LockedAgent): TrustedIdp {
  return {
    schemaVersion: 1,
    name: idp,
    type: 'oidc',
    issuer,
    fromEnvironment: true,
    resources: resources.map(({ key, uri, scopes, maxTtlSeconds }) => ({
      key,
      uri,
      displayName: key,
      scopes: scopes.map(({ scope }) => scope),
      maxTtlSeconds: Math.min(maxTtlSeconds, 300),
    })),
  };
}
