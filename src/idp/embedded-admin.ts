import { signAssertion } from '../exchange/assertion.ts';
import type { Signer } from '../exchange/types.ts';
import type { HttpAnswer, HttpRequest } from '../lib/http.ts';
import { openAdminSigner } from './admin-signer.ts';
import type { AdapterParts } from './parts.ts';

/** Asks the embedded provider as its administrator. */
export interface EmbeddedAdmin {
  readonly parts: AdapterParts;
  /** Sends one request to a path below the issuer, signed for this request only. */
  send(path: string, request?: HttpRequest): Promise<HttpAnswer>;
  /** Signs an assertion as the administrator for another audience. */
  sign(audience: string): Promise<string>;
  readonly clientId: string;
}

/** Makes the administrator of a trust. The key is read when it is first needed, and never leaves the signer. */
export function createAdmin(parts: AdapterParts): EmbeddedAdmin {
  const { trust, http, clock } = parts;
  const clientId = trust.admin?.clientId ?? '';
  let signer: Promise<Signer> | undefined;
  const sign = async (audience: string): Promise<string> => {
    signer ??= openAdminSigner(parts, {
      missing:
        'Add it again with its key: agent-id idp add NAME --type embedded --issuer URL --admin-key FILE',
      unreadable: 'It lies in the data folder of the embedded identity provider, as admin.jwk.json.',
    });
    return signAssertion(await signer, { clientId, audience, now: clock() });
  };
  return {
    parts,
    clientId,
    sign,
    async send(path, request = {}) {
      const authorization = `Bearer ${await sign(trust.issuer)}`;
      return http.request(`${trust.issuer}${path}`, { ...request, headers: { authorization } });
    },
  };
}
