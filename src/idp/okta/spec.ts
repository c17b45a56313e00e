import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { foreignPolicies, type Policies } from './access.ts';
import type { OktaAdmin } from './admin.ts';
import { isOwnApi } from './own-api.ts';

/** Okta keeps scope names that begin with `okta.` for its own API. */
export function assertScopeNames(admin: OktaAdmin, spec: AgentSpec): void {
  for (const { uri, scopes } of spec.grants) {
    const reserved = scopes.find((scope) => scope.startsWith('okta.'));
    if (isOwnApi(admin, uri) || reserved === undefined) continue;
    throw new AgentIdError('unsupported', `Okta takes no ${reserved} for an API of yours`, {
      where: uri,
      hint: "Name the API's own scopes: agent-id idp add … --resource KEY=URI#SCOPE,SCOPE",
    });
  }
}

/** Says whether an API of these takes only tokens that are bound to a key (RFC 9449). */
export function hasBound({ parts }: OktaAdmin, { grants }: Pick<AgentSpec, 'grants'>): boolean {
  const bound = parts.trust.resources.filter(({ dpop }) => dpop === true).map(({ uri }) => uri);
  return grants.some(({ uri }) => bound.includes(uri));
}

/** Says whether an agent's tokens are bound to a key: Okta binds all that an application gets, or none. Throws `unsupported`. */
export function isBound(admin: OktaAdmin, { id, grants }: AgentSpec): boolean {
  if (!hasBound(admin, { grants })) return false;
  const loose = grants.find((grant) => !hasBound(admin, { grants: [grant] }));
  if (loose === undefined) return true;
  throw new AgentIdError('unsupported', `Okta binds all tokens of ${id} to a key, or none`, {
    where: loose.uri,
    hint: 'Trust each of its APIs with --dpop KEY, or none; or make two agents of it.',
  });
}

/** Says what is made at authorization servers for an agent, and what of others reaches it there. */
export function serverLines(
  admin: OktaAdmin,
  spec: AgentSpec,
  policies: readonly Policies[],
): readonly string[] {
  const lines: string[] = [];
  for (const { uri } of spec.grants.filter((grant) => !isOwnApi(admin, grant.uri))) {
    if (!policies.some(({ server }) => server.audiences.includes(uri)))
      lines.push(`makes an authorization server for ${uri}`);
    for (const name of foreignPolicies(policies, uri, spec.clientId))
      lines.push(`${uri}: the policy "${name}" reaches every client: it may give this agent more`);
  }
  return lines;
}

/** Says in a line for a person how a list changes; nothing where it does not. */
export function sameOrLine(
  what: string,
  now: readonly string[],
  wanted: readonly string[],
): readonly string[] {
  const same = now.length === wanted.length && wanted.every((one) => now.includes(one));
  return same ? [] : [`${what}: ${now.join(' ') || 'none'} becomes ${wanted.join(' ') || 'none'}`];
}

export function conflict(clientId: string): AgentIdError {
  return new AgentIdError(
    'conflict',
    'the client id is in use by something that is not ours, or by another plan',
    {
      where: clientId,
      hint: 'Nothing was changed. Plan again, or remove the other application at Okta.',
    },
  );
}
