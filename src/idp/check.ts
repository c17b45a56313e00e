import { AgentIdError } from '../model/error.ts';
import type { CheckResult, IdpAdapter, Metadata } from './types.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Asks a trusted provider whether it does what a migration needs. Reads only; never throws for what it finds. */
export async function checkIdp(adapter: IdpAdapter): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const metadata = await attempt(results, 'metadata', async () => {
    const found = await adapter.discover();
    return [found, `is ${found.issuer}`];
  });
  if (metadata === undefined) return results;
  // Those of the others tell themselves what they can: their metadata does not.
  if (!['auth0', 'entra'].includes(adapter.trust.type)) results.push(...judge(metadata));
  await attempt(results, 'administration', async () => {
    const agents = await adapter.list();
    return [agents, `answers, ${agents.length} agents of ours`];
  });
  results.push(...((await adapter.probe?.()) ?? []));
  if (adapter.trust.resources.length === 0) {
    results.push({ what: 'resources', ok: false, detail: 'none is trusted: add it again with --resource' });
  }
  return results;
}

function judge(metadata: Metadata): CheckResult[] {
  const { grant_types_supported: grants, token_endpoint_auth_methods_supported: methods } = metadata;
  return [
    toResult('token exchange (RFC 8693)', grants?.includes(exchangeGrant)),
    toResult('clients authenticate with a key (private_key_jwt)', methods?.includes('private_key_jwt')),
    toResult('registration of clients (RFC 7591)', metadata.registration_endpoint !== undefined),
    toResult('sign-in with a code (RFC 8628)', metadata.device_authorization_endpoint !== undefined),
  ];
}

function toResult(what: string, ok: boolean | undefined): CheckResult {
  if (ok === undefined) return { what, ok: false, detail: 'its metadata does not say' };
  return { what, ok, detail: ok ? 'offered' : 'not offered' };
}

/** Looks at a part of a provider; what it throws is what was found. */
export async function look(
  what: string,
  task: () => Promise<readonly CheckResult[]>,
): Promise<readonly CheckResult[]> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    return [{ what, ok: false, detail: [error.message, error.hint].filter(Boolean).join('. ') }];
  }
}

async function attempt<T>(
  results: CheckResult[],
  what: string,
  task: () => Promise<readonly [T, string]>,
): Promise<T | undefined> {
  try {
    const [found, detail] = await task();
    results.push({ what, ok: true, detail });
    return found;
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    results.push({ what, ok: false, detail: [error.message, error.hint].filter(Boolean).join('. ') });
    return undefined;
  }
}
