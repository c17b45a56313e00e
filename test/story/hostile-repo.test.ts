import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/model/agent.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let listener: Server;
let connections = 0;

beforeAll(async () => {
  world = await openWorld();
  listener = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
}, 60_000);

afterAll(async () => {
  await new Promise((done) => listener.close(done));
  await world.close();
});

function foreignLock(idp: string): Lock {
  const issuer = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/issuer`;
  return {
    schemaVersion: 1,
    agents: {
      evil: {
        displayName: 'Evil',
        owner: null,
        idp,
        issuer,
        clientId: 'agent-id-evil',
        keys: [],
        flow: 'as-itself',
        resources: [{ key: 'api', uri: `${issuer}/api`, scopes: [], maxTtlSeconds: 300 }],
        consumers: [],
      },
    },
    secrets: {},
  };
}

/** Every file below a folder with its bytes, the sandbox's own state apart. */
function files(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const own = names.filter((one) => one.isFile() && !one.parentPath.includes('embedded-idp'));
  return Object.fromEntries(
    own.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path, readFileSync(path, 'base64')];
    }),
  );
}

describe('a repository whose lock names an issuer of its own', () => {
  it.each(['embedded', 'keycloak', 'okta', 'auth0', 'entra', 'oidc'])(
    'makes no request and writes nothing, called %s',
    async (idp) => {
      writeFileSync(join(world.root, 'agent-id.lock.json'), JSON.stringify(foreignLock(idp)));
      const before = files(world.folder);
      for (const verb of ['revoke', 'restore', 'rotate']) {
        const { code, stderr } = await world.run(['agents', verb, 'evil']);
        expect([verb, code, stderr]).toEqual([verb, 2, expect.stringContaining('error[untrusted-issuer]')]);
      }
      expect([connections, files(world.folder)]).toEqual([0, before]);
    },
    60_000,
  );
});
