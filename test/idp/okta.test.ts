import { describe, expect, it } from 'vitest';
import { describeAdapter, type Subject } from './contract.ts';
import { startOktaDouble, type OktaDouble } from './okta-double.ts';
import { passwordApi as api, toTrust, withCrossApp } from './okta-kit.ts';

const started: OktaDouble[] = [];

describeAdapter('okta (custom authorization server)', async () => ({
  ...(await startSubject()),
  resource: api,
  scope: 'password.reset',
}));
describeAdapter("okta (Okta's own API)", startSubject);
describeAdapter('okta (AI agents)', async () => {
  const { double, ...subject } = await startSubject();
  const trust = withCrossApp(double, subject.trust);
  return { ...subject, trust, resource: api, scope: 'password.reset' };
});

describe("requests by Okta's description", () => {
  it('has nothing to say about any request above', () => {
    expect(started.map((double) => double.violations)).toEqual([[], [], []]);
    expect(started.flatMap((double) => double.calls).length).toBeGreaterThan(100);
  });
});

async function startSubject(): Promise<Subject & { readonly double: OktaDouble }> {
  const double = await startOktaDouble();
  started.push(double);
  const trust = await toTrust(double);
  return { double, trust, resource: double.issuer, stop: () => double.stop() };
}
