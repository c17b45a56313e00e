import { signAssertion } from '../exchange/assertion.ts';
import type { Signer } from '../exchange/types.ts';
import type { HttpAnswer } from '../lib/http.ts';
import type { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { openAdminSigner } from './admin-signer.ts';
import { toRecord } from './metadata.ts';
import type { AdapterParts } from './parts.ts';

/** Gives an access token for an admin API; `fresh` drops what is remembered. */
export type Authorize = (fresh: boolean) => Promise<Secret>;

/** Where and how an administrator's client gets its token. */
export interface AdminGrant {
  readonly endpoint: string;
  /** `aud` of the client assertion. */
  readonly audience: string;
  readonly form: Readonly<Record<string, string>>;
  readonly toRefusal: (answer: HttpAnswer) => AgentIdError;
}

/** Administers as the client of the trust, whose key signs: one short token, in memory only. */
export function asAdminClient(parts: AdapterParts, grant: () => Promise<AdminGrant>): Authorize {
  let held: Promise<Held> | undefined;
  let signer: Promise<Signer> | undefined;
  return async (fresh) => {
    const known = await held?.catch(() => undefined);
    if (!fresh && known !== undefined && known.until > parts.clock()) return known.token;
    signer ??= openAdminSigner(parts, {
      missing: 'Add it again with --admin-client-id ID --admin-key FILE.',
    });
    held = fetchToken(parts, await signer, await grant());
    return (await held).token;
  };
}

interface Held {
  readonly token: Secret;
  /** Milliseconds since 1970. */
  readonly until: number;
}

async function fetchToken(parts: AdapterParts, signer: Signer, grant: AdminGrant): Promise<Held> {
  const clientId = parts.trust.admin?.clientId ?? '';
  const askedAt = parts.clock();
  const assertion = await signAssertion(signer, { clientId, audience: grant.audience, now: askedAt });
  const answer = await parts.http.request(grant.endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...grant.form,
    }),
  });
  const { access_token: token, expires_in: seconds } = toRecord(answer.body);
  if (answer.status !== 200 || typeof token !== 'string') throw grant.toRefusal(answer);
  const lives = typeof seconds === 'number' ? seconds : 0;
  return { token: new Secret(token), until: askedAt + (lives - 30) * 1000 };
}
