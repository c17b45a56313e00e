import type { LockedAgent } from '../model/agent.ts';

type TokenServer = Pick<LockedAgent['resources'][number], 'tokenIssuer' | 'identityAssertion'>;

/** Gives what the lock file records of who issues a resource's tokens, as the provider answered at the registration. */
export function tokenServerOf(
  grants: readonly (TokenServer & { readonly uri: string })[] | undefined,
  uri: string,
): TokenServer {
  const { tokenIssuer, identityAssertion } = grants?.find((grant) => grant.uri === uri) ?? {};
  return {
    ...(tokenIssuer === undefined ? {} : { tokenIssuer }),
    ...(identityAssertion === undefined ? {} : { identityAssertion }),
  };
}
