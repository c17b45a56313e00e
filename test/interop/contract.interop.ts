import { adapterFor } from '../../src/idp/index.ts';
import { describeAdapter } from '../idp/contract.ts';
import { describeExchange, type Differences } from '../idp/exchange-contract.ts';
import { api, keycloak, keycloakTrust, signInFor } from './keycloak.ts';

/** What Keycloak 26.7 does otherwise. Its `act` comes by a mapper; the client is in `azp`. */
const differences: Differences = {
  absentClaims: ['client_id'],
  refusals: {
    'a user token for another agent only': [403, 'access_denied'],
    'an agent as itself that has users only': [401, 'unauthorized_client'],
    'another key': [400, 'invalid_client'],
    'an assertion for another audience': [400, 'invalid_client'],
    'an assertion that has expired': [400, 'invalid_client'],
    'an assertion twice': [400, 'invalid_client'],
  },
};

describeAdapter('keycloak', async () => ({
  trust: keycloakTrust(),
  resource: api,
  scope: 'password.reset',
  stop: () => Promise.resolve(),
}));

describeExchange(
  'keycloak',
  async () => ({
    adapter: await adapterFor(keycloakTrust(), { paths: { keys: '/nowhere' } }),
    tokenEndpoint: `${keycloak().issuer}/protocol/openid-connect/token`,
    resource: api,
    scopes: ['password.reset', 'password.read'],
    signIn: (agents) => signInFor(...agents),
  }),
  differences,
);
