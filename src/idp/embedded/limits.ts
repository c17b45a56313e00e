import { errors } from 'oidc-provider';
import { resourceByUri, type Idp } from './context.ts';
import type { AgentRecord, ScopedResource } from './state.ts';

/** What a token request says. */
export type Params = Readonly<Record<string, unknown>>;

/** Gives the one API that a request names. Throws `invalid_target`. */
export function readResource(idp: Idp, params: Params): string {
  const { resource } = params;
  if (typeof resource !== 'string') {
    throw new errors.InvalidTarget(resource === undefined ? 'name one resource' : 'name only one resource');
  }
  if (resourceByUri(idp, resource) === undefined)
    throw new errors.InvalidTarget('the resource is not known here');
  return resource;
}

/** Gives the scopes of one audience. */
export function scopesIn(grants: readonly ScopedResource[], uri: string): readonly string[] {
  return grants.filter((grant) => grant.uri === uri).flatMap((grant) => grant.scopes);
}

/** Gives all that an agent may be allowed: here, and at servers for which this provider vouches. */
export function everyGrant({ grants, audiences = [] }: AgentRecord): readonly ScopedResource[] {
  return [...grants, ...audiences];
}

/** Gives what was asked for, or everything where nothing was; each limit must hold every scope. */
export function readScopes(params: Params, ...limits: (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = limits;
  if (first.length === 0) throw new errors.InvalidTarget('the agent is not registered for this resource');
  const allowed = first.filter((scope) => others.every((limit) => limit.includes(scope)));
  const { scope } = params;
  const asked =
    typeof scope === 'string' ? [...new Set(scope.split(' ').filter((one) => one !== ''))] : allowed;
  const excess = asked.filter((one) => !allowed.includes(one));
  if (excess.length > 0) {
    throw new errors.InvalidScope(
      `not registered for the agent, or not agreed to by the user: ${excess.join(' ')}`,
      excess.join(' '),
    );
  }
  if (asked.length === 0) throw new errors.InvalidScope('no scope is left', '');
  return asked;
}
