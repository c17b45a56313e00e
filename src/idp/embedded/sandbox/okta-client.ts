import type { Clock } from '../../../lib/clock.ts';
import { signAssertion } from '../../../exchange/assertion.ts';
import type { Signer } from '../../../exchange/types.ts';
import { toRecord } from '../state.ts';

export interface OktaReply {
  readonly status: number;
  readonly body: unknown;
  readonly link: string | null;
}

/** Calls the Okta-shaped API as a service app, with a token for just the scope of the call. */
export interface OktaClient {
  readonly origin: string;
  call(method: string, path: string, scope: string): Promise<OktaReply>;
}

interface Cached {
  readonly token: string;
  readonly until: number;
}

export function createOktaClient(options: {
  readonly origin: string;
  readonly clientId: string;
  readonly signer: Signer;
  readonly clock: Clock;
}): OktaClient {
  const tokens = new Map<string, Cached>();
  return {
    origin: options.origin,
    async call(method, path, scope) {
      const cached = tokens.get(scope);
      const fresh =
        cached !== undefined && cached.until > options.clock() ? cached : await obtain(options, scope);
      tokens.set(scope, fresh);
      const response = await fetch(`${options.origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${fresh.token}`, accept: 'application/json' },
        signal: AbortSignal.timeout(10_000),
      });
      return { status: response.status, body: await response.json(), link: response.headers.get('link') };
    },
  };
}

async function obtain(
  { origin, clientId, signer, clock }: Parameters<typeof createOktaClient>[0],
  scope: string,
): Promise<Cached> {
  const endpoint = `${origin}/oauth2/v1/token`;
  const response = await fetch(endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion(signer, { clientId, audience: endpoint, now: clock() }),
    }),
    signal: AbortSignal.timeout(10_000),
  });
  const token = toRecord(await response.json())?.['access_token'];
  if (!response.ok || typeof token !== 'string') throw new Error('the service app got no token');
  return { token, until: clock() + 3_000_000 };
}
