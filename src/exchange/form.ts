import { accessTokenType, idTokenType } from './judge.ts';
import type { AgentOptions, TokenRequest } from './types.ts';

/** Where Entra is the audience of a platform's token, whatever its issuer. */
export const entraFederation = 'api://AzureADTokenExchange';

type Form = Record<string, string>;

/**
 * Gives what is asked of the token endpoint. Auth0 says `audience` where the standard says `resource`; Entra knows no
 * token exchange but RFC 7523 with a parameter of its own, and names an API within each scope.
 * @see RFC 8693 section 2.1
 */
export function toForm(
  { dialect, clientId, target: parameter = 'resource', subjectTokenType: subjectType }: AgentOptions,
  { resource, scopes }: TokenRequest,
  subject: string | null,
): Form {
  const sorted = [...new Set(scopes)].sort();
  if (dialect === 'entra') return { client_id: clientId, ...toEntraForm(resource, sorted, subject) };
  const scope = sorted.length === 0 ? {} : { scope: sorted.join(' ') };
  // `audience` is a parameter of token exchange only, but of everything at Auth0.
  const unnamed = parameter === 'none' || (parameter === 'audience' && subject === null);
  const named = unnamed ? {} : { [parameter]: resource };
  const target =
    dialect === 'auth0' ? { client_id: clientId, audience: resource, ...scope } : { ...named, ...scope };
  if (subject === null) return { grant_type: 'client_credentials', ...target };
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subject,
    subject_token_type: subjectType === 'id_token' ? idTokenType : accessTokenType,
    requested_token_type: accessTokenType,
    ...target,
  };
}

function toEntraForm(resource: string, scopes: readonly string[], subject: string | null): Form {
  const root = resource.replace(/\/$/, '');
  // Without a user there are app roles, and these are given all or none.
  if (subject === null) return { grant_type: 'client_credentials', scope: `${root}/.default` };
  const named = scopes.length === 0 ? ['.default'] : scopes;
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: subject,
    requested_token_use: 'on_behalf_of',
    scope: named.map((scope) => `${root}/${scope}`).join(' '),
  };
}

/** Gives an answer of Entra in the standard's words: it leaves the type out, and names the API within each scope. */
export function fromEntra(
  answer: Readonly<Record<string, unknown>>,
  { resource }: TokenRequest,
): Readonly<Record<string, unknown>> {
  const root = `${resource.replace(/\/$/, '')}/`;
  const { scope } = answer;
  const short =
    typeof scope === 'string'
      ? {
          scope: scope
            .split(' ')
            .map((one) => (one.startsWith(root) ? one.slice(root.length) : one))
            .join(' '),
        }
      : {};
  return { issued_token_type: accessTokenType, ...answer, ...short };
}
