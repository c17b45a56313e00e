import { clockHint, type HttpAnswer } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { createAdminApi, type AdminApi, type ApiCall } from '../admin-api.ts';
import { asAdminClient, type Authorize } from '../admin-token.ts';
import { readMetadata, toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { isPrintable } from '../refusal.ts';

/** An object of Auth0 as it came. */
export type Auth0Object = Readonly<Record<string, unknown>>;

/** Administers as the client of the trust, whose key signs. */
export function createClientAdmin(parts: AdapterParts): AdminApi {
  const { issuer } = parts.trust;
  return createAdmin(
    parts,
    asAdminClient(parts, async () => ({
      endpoint: (await readMetadata(parts.http, issuer)).token_endpoint,
      audience: issuer,
      form: { audience: managementApi(issuer) },
      toRefusal: (answer) => toRefusal(answer, { what: 'sign the administrator in', right: '' }, issuer),
    })),
  );
}

/** The audience of the tenant's own API, and its address. */
export function managementApi(issuer: string): string {
  return `${new URL(issuer).origin}/api/v2/`;
}

/** Gives every item of a list that comes in pages. */
export async function listPages(
  admin: AdminApi,
  call: ApiCall & { readonly path: `/${string}` },
): Promise<readonly Auth0Object[]> {
  const found: Auth0Object[] = [];
  const mark = call.path.includes('?') ? '&' : '?';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const path = `${call.path}${mark}page=${page}&per_page=${PAGE}`;
    const some = await admin.ask({ ...call, path });
    const items = Array.isArray(some) ? some.map(toRecord) : [];
    found.push(...items);
    if (items.length < PAGE) return found;
  }
  throw new AgentIdError('idp-refused', `Auth0 has more than can be listed: it could not ${call.what}`);
}

const PAGE = 100;
const MAX_PAGES = 200;

function createAdmin(parts: AdapterParts, authorize: Authorize): AdminApi {
  const { issuer } = parts.trust;
  return createAdminApi(parts, {
    name: 'Auth0',
    base: () => Promise.resolve(managementApi(issuer).slice(0, -1)),
    authorize,
    toRefusal: (answer, call) => toRefusal(answer, call, issuer),
  });
}

/** Auth0's API speaks of `errorCode` and `message`, its token endpoint of `error` (RFC 6749 section 5.2). */
function toRefusal(
  answer: HttpAnswer,
  { what, right }: Pick<ApiCall, 'what' | 'right'>,
  where: string,
): AgentIdError {
  const { errorCode, message, error, error_description: description } = toRecord(answer.body);
  const said = [errorCode ?? error, message ?? description].filter(isPrintable);
  const reason = said.length === 0 ? `status ${answer.status}` : said.join(': ');
  const hint = clockHint(answer) ?? hintFor(answer, right);
  const code = answer.status === 409 ? 'conflict' : 'idp-refused';
  return new AgentIdError(code, `Auth0 refused to ${what}: ${reason}`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintFor({ status, body }: HttpAnswer, right: string): string | undefined {
  if (status === 403 && right !== '') return howToGive(right);
  const { error } = toRecord(body);
  if (status !== 401 && error !== 'invalid_client' && error !== 'access_denied') return undefined;
  return 'Look at the admin application: Applications > the admin app > Credentials (Private Key JWT), and > APIs (Auth0 Management API).';
}

/** Says how an administrator gives a right. */
export function howToGive(right: string): string {
  return `Give ${right}: Applications > APIs > Auth0 Management API > Machine to Machine Applications > the admin app > Permissions.`;
}
