import { describeFaults } from '../idp/faults.ts';
import { startKeycloakWorld } from './world.ts';

describeFaults('keycloak', startKeycloakWorld);
