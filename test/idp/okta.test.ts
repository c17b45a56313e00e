import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { describeAdapter, type Subject } from './contract.ts';
import { makeFolder, makeKey, type TestKey } from './kit.ts';
import { startOktaDouble, type OktaDouble } from './okta-double.ts';

const api = 'https://password-api.acme.example/';
const started: OktaDouble[] = [];

describeAdapter('okta (custom authorization server)', async () => ({
  ...(await startSubject()),
  resource: api,
  scope: 'password.reset',
}));
describeAdapter("okta (Okta's own API)", startSubject);

describe("requests by Okta's description", () => {
  it('has nothing to say about any request above', () => {
    expect(started.map((double) => double.violations)).toEqual([[], []]);
    expect(started.flatMap((double) => double.calls).length).toBeGreaterThan(100);
  });
});

async function startSubject(): Promise<Subject> {
  const double = await startOktaDouble();
  started.push(double);
  const trust = await toTrust(double, makeKey());
  return { trust, resource: double.issuer, stop: () => double.stop() };
}

export async function toTrust(double: OktaDouble, key: TestKey): Promise<TrustedIdp> {
  const keyFile = join(await makeFolder(), 'admin.jwk.json');
  await writeFile(keyFile, JSON.stringify(key.privateKey.export({ format: 'jwk' })), { mode: 0o600 });
  return {
    schemaVersion: 1,
    name: 'corp',
    type: 'okta',
    issuer: double.issuer,
    resources: [
      {
        key: 'password-api',
        uri: api,
        displayName: 'Password API',
        scopes: ['password.reset'],
        maxTtlSeconds: 300,
      },
    ],
    admin: { clientId: double.addAdmin(key), keyFile },
  };
}

afterAll(() => undefined);
