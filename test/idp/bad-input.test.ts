import { describeBadInput, type BadInputDifferences } from './bad-input.ts';
import { worlds } from './worlds.ts';

/** What the kinds of providers do otherwise. */
const differences: Readonly<Record<string, BadInputDifferences>> = {
  embedded: { asksNoMetadata: true },
  oidc: { makesApis: true, takesScopes: true, signsNothing: true, foreignBeside: true, twoMachines: true },
  okta: { makesApis: true, takesScopes: true, asksNoMetadata: true },
  auth0: { makesApis: true, takesScopes: true, foreignBeside: true },
  entra: { keepsDeleted: true },
};

for (const [name, start] of Object.entries(worlds)) describeBadInput(name, start, differences[name]);
