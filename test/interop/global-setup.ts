import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { startKeycloak } from '../../src/demo/keycloak/server.ts';
import { setup as setUpAll } from '../global-setup.ts';
import type {} from './keycloak.ts';

/** Starts one Keycloak for all files of the run, and ends it by its pid. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  setUpAll();
  const password = randomBytes(12).toString('base64url');
  const server = await startKeycloak({
    password,
    tell: (text) => process.stderr.write(`interop: ${text}\n`),
  });
  process.stderr.write(`interop: Keycloak ready in ${server.readyMs} ms (pid ${server.pid})\n`);
  const { url, issuer, admin, user } = server;
  project.provide('keycloak', { url, issuer, admin, user, password });
  return () => server.stop();
}
