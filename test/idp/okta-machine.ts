import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAgent, type OpenAgent } from '../../src/helper/open.ts';
import type { Registration, TrustedIdp } from '../../src/idp/types.ts';
import { lockName, renderLock } from '../../src/lib/lock-file.ts';
import type { LockedAgent } from '../../src/model/agent.ts';
import { tokenServerOf } from '../../src/plan/token-server.ts';
import { makeFolder, type TestKey } from './kit.ts';
import { passwordApi } from './okta-kit.ts';

export type LockedResource = LockedAgent['resources'][number];

/** Makes a repository, and beside it the state of a machine that trusts the organisation and has the agent's key. */
export async function makeMachine(trust: TrustedIdp, key: TestKey): Promise<string> {
  const folder = await makeFolder();
  for (const name of ['keys', 'idp'])
    await mkdir(join(folder, 'state', name), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'state/idp/corp.json'), JSON.stringify(trust));
  const jwk = JSON.stringify(key.privateKey.export({ format: 'jwk' }));
  await writeFile(join(folder, 'state/keys/reset.json'), jwk, { mode: 0o600 });
  return folder;
}

export function envOf(folder: string): NodeJS.ProcessEnv {
  return { AGENT_ID_HOME: join(folder, 'state') };
}

/** What `migrate` puts into the lock of the password API. */
export function passwordResource({ grants }: Registration): LockedResource {
  return {
    key: 'password-api',
    uri: passwordApi,
    scopes: [{ scope: 'password.reset', evidence: [] }],
    maxTtlSeconds: 300,
    ...tokenServerOf(grants, passwordApi),
  };
}

/** What an agent is opened with. */
interface Locked {
  readonly issuer: string;
  readonly registered: Registration;
  readonly resources?: readonly LockedResource[];
  readonly fetch?: typeof fetch;
}

/** Locks the agent in the repository, and opens it on the machine. */
export async function openReset(
  folder: string,
  { issuer, registered, resources = [passwordResource(registered)], ...options }: Locked,
): Promise<OpenAgent> {
  const reset: LockedAgent = {
    displayName: 'Reset Agent',
    owner: null,
    idp: 'corp',
    issuer,
    clientId: registered.clientId,
    keys: [],
    flow: 'on-behalf-of',
    resources,
    consumers: [],
  };
  const lock = renderLock({ schemaVersion: 1, agents: { reset }, secrets: {} });
  await writeFile(join(folder, lockName), lock);
  return openAgent('reset', { from: folder, env: envOf(folder), ...options });
}
