import { join } from 'node:path';
import { afterAll } from 'vitest';
import { adapterFor } from '../../src/idp/index.ts';
import { describeExchange, type Differences } from './exchange-contract.ts';
import { startKit, type Kit } from './kit.ts';

let kit: Kit | undefined;

/** A user of the sandbox consents to every agent at once. */
const differences: Differences = {
  absentClaims: [],
  refusals: {
    'a user token for another agent only': 'granted',
    'an agent that is revoked': [400, 'access_denied'],
  },
};

describeExchange(
  'embedded',
  async () => {
    const running = await startKit();
    kit = running;
    const { issuer, passwordApiUrl: uri, adminKeyFile: keyFile } = running.idp;
    const trust = {
      schemaVersion: 1,
      name: 'local',
      type: 'embedded',
      issuer,
      resources: [],
      admin: { clientId: 'agent-id-admin', keyFile },
    } as const;
    return {
      adapter: await adapterFor(trust, { paths: { keys: join(running.folder, 'keys') } }),
      tokenEndpoint: `${issuer}/token`,
      resource: uri,
      scopes: ['okta.users.read', 'okta.groups.read'],
      signIn: async () => (await running.login()).access,
    };
  },
  differences,
);

afterAll(() => kit?.stop());
