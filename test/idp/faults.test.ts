import { describeFaults, type FaultDifferences } from './faults.ts';
import { worlds } from './worlds.ts';

/** What the kinds of providers cannot help. */
const differences: Readonly<Record<string, FaultDifferences>> = {
  oidc: { namedOrphan: true },
};

/** Okta has one of its own, in okta-faults.test.ts, which looks at what is left row by row. Keycloak: test/interop. */
const { okta: _, ...here } = worlds;

for (const [name, start] of Object.entries(here)) describeFaults(name, start, differences[name]);
