import { describeBadInput } from '../idp/bad-input.ts';
import { startKeycloakWorld } from './world.ts';

describeBadInput('keycloak', startKeycloakWorld, { makesApis: true, takesScopes: true });
