import { describeAdapter } from '../idp/contract.ts';
import { api, keycloakTrust } from './keycloak.ts';

describeAdapter('keycloak', async () => ({
  trust: keycloakTrust(),
  resource: api,
  scope: 'password.reset',
  stop: () => Promise.resolve(),
}));
