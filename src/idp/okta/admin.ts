import { signAssertion } from '../../exchange/assertion.ts';
import type { Signer } from '../../exchange/types.ts';
import type { HttpAnswer, HttpRequest } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import { openAdminSigner } from '../admin-signer.ts';
import { toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { sendPatiently } from '../patience.ts';
import { toOktaRefusal } from './refusal.ts';

/** An object of Okta as it came: what we do not know of it stays in it. */
export type OktaObject = Readonly<Record<string, unknown>>;

export interface OktaCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  /** The scope that Okta's own description asks for. */
  readonly scope: string;
  readonly body?: object;
  /** Default: JSON. */
  readonly contentType?: 'application/merge-patch+json';
  /** What it is for, as a verb: shown where it is refused. */
  readonly what: string;
}

/** Asks Okta's management API as its administrator. */
export interface OktaAdmin {
  readonly parts: AdapterParts;
  /** The organisation: the issuer without a slash at its end. */
  readonly org: string;
  /** Gives the answer, or `undefined` where there is no such thing (404). Throws `idp-refused`, `idp-unreachable`. */
  ask(call: OktaCall): Promise<OktaObject | undefined>;
  /** Makes or changes something and gives it as it is now. Throws `idp-refused` also where what it belongs to is gone. */
  make(call: OktaCall): Promise<OktaObject>;
  /** Starts what Okta does in its own time (202) and gives that work's id; `undefined` where there is no such thing. */
  begin(call: OktaCall): Promise<string | undefined>;
  /** Gives all pages of a list; an empty list for a missing parent. */
  list(call: OktaCall): Promise<readonly OktaObject[]>;
  /** Gets a token for one scope and does nothing with it. Throws what asking would. */
  reach(scope: string): Promise<void>;
}

/** Gives the value of the Authorization header for one scope; `fresh` drops what is remembered. */
type Authorize = (scope: string, fresh: boolean) => Promise<Secret>;

const MAX_PAGES = 200;

/** Administers as the service app of the trust: one short token for each scope, in memory only. */
export function createServiceAdmin(parts: AdapterParts): OktaAdmin {
  return createAdmin(parts, asServiceApp(parts));
}

/** Administers with an SSWS token that is held in memory only. */
export function createTokenAdmin(parts: AdapterParts, token: Secret): OktaAdmin {
  const header = new Secret(`SSWS ${token.open()}`);
  return createAdmin(parts, () => Promise.resolve(header));
}

function createAdmin(parts: AdapterParts, authorize: Authorize): OktaAdmin {
  const org = toOrg(parts.trust.issuer);
  const send = async (url: string, call: OktaCall): Promise<HttpAnswer> => {
    const answer = await sendOnce(parts, url, call, await authorize(call.scope, false));
    // A token may end early: its app was changed, or the clock is off.
    if (answer.status !== 401) return answer;
    return sendOnce(parts, url, call, await authorize(call.scope, true));
  };
  const demand = async (call: OktaCall): Promise<HttpAnswer | undefined> => {
    const answer = await send(`${org}${call.path}`, call);
    if (answer.status === 404) return undefined;
    if (answer.status >= 400) throw toOktaRefusal(answer, call, org);
    return answer;
  };
  const ask = async (call: OktaCall): Promise<OktaObject | undefined> => {
    const answer = await demand(call);
    return answer && toRecord(answer.body);
  };
  return {
    parts,
    org,
    ask,
    async make(call) {
      const made = await ask(call);
      if (made === undefined) throw goneMeanwhile(call, org);
      return made;
    },
    async begin(call) {
      const answer = await demand(call);
      return answer && toWorkId(answer, call, org);
    },
    list: (call) => listPages(org, call, send),
    reach: async (scope) => void (await authorize(scope, false)),
  };
}

function goneMeanwhile({ what }: OktaCall, org: string): AgentIdError {
  return new AgentIdError('idp-refused', `Okta cannot ${what}: what it belongs to is gone`, {
    where: org,
    hint: 'Somebody deleted it meanwhile. Do the same again: nothing is done twice.',
  });
}

/** Only the id is taken from the address: the next request goes to the organisation, wherever it points. */
function toWorkId({ headers }: HttpAnswer, { what }: OktaCall, org: string): string {
  const id = /\/operations\/([A-Za-z0-9_-]{1,100})$/.exec(headers.get('location') ?? '')?.[1];
  if (id !== undefined) return id;
  throw new AgentIdError('idp-refused', `Okta does not say how it gets on (${what})`, {
    where: org,
    hint: 'Do the same again: nothing is done twice.',
  });
}

function sendOnce(
  parts: AdapterParts,
  url: string,
  call: OktaCall,
  authorization: Secret,
): Promise<HttpAnswer> {
  const request: HttpRequest = {
    method: call.method ?? 'GET',
    headers: {
      authorization: authorization.open(),
      ...(call.contentType && { 'content-type': call.contentType }),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
  };
  return sendPatiently(parts, url, request, { name: 'Okta' });
}

async function listPages(
  org: string,
  call: OktaCall,
  send: (url: string, call: OktaCall) => Promise<HttpAnswer>,
): Promise<readonly OktaObject[]> {
  const found: OktaObject[] = [];
  let url: string | undefined = `${org}${call.path}`;
  for (let page = 0; url !== undefined && page < MAX_PAGES; page += 1) {
    const answer: HttpAnswer = await send(url, call);
    if (answer.status === 404 && page === 0) return [];
    if (answer.status >= 400 || !Array.isArray(answer.body)) throw toOktaRefusal(answer, call, org);
    found.push(...answer.body.map(toRecord));
    url = nextPage(answer.headers.get('link'), org);
  }
  return found;
}

/** A page elsewhere would get the administrator's token. */
function nextPage(link: string | null, org: string): string | undefined {
  const next = /<([^<>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (next === undefined) return undefined;
  if (URL.canParse(next) && new URL(next).origin === new URL(org).origin) return next;
  throw new AgentIdError('untrusted-issuer', 'a list goes on at another address', { where: org });
}

function asServiceApp(parts: AdapterParts): Authorize {
  const held = new Map<string, Promise<Held>>();
  let signer: Promise<Signer> | undefined;
  return async (scope, fresh) => {
    const known = await held.get(scope);
    if (!fresh && known !== undefined && known.until > parts.clock()) return known.header;
    signer ??= openAdminSigner(parts, {
      missing: 'Add it again with --admin-client-id ID --admin-key FILE, or once with --secret-stdin.',
    });
    const asked = fetchToken(parts, await signer, scope);
    held.set(scope, asked);
    asked.catch(() => held.delete(scope));
    return (await asked).header;
  };
}

interface Held {
  readonly header: Secret;
  /** Milliseconds since 1970. */
  readonly until: number;
}

async function fetchToken(parts: AdapterParts, signer: Signer, scope: string): Promise<Held> {
  const org = toOrg(parts.trust.issuer);
  const endpoint = `${org}/oauth2/v1/token`;
  const clientId = parts.trust.admin?.clientId ?? '';
  const askedAt = parts.clock();
  const answer = await sendPatiently(
    parts,
    endpoint,
    async () => ({
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await signAssertion(signer, { clientId, audience: endpoint, now: parts.clock() }),
      }),
    }),
    { name: 'Okta', safe: true },
  );
  const { access_token: token, expires_in: seconds } = toRecord(answer.body);
  if (answer.status !== 200 || typeof token !== 'string') {
    throw toOktaRefusal(answer, { what: 'sign the administrator in', scope }, org);
  }
  const lives = typeof seconds === 'number' ? seconds : 0;
  return { header: new Secret(`Bearer ${token}`), until: askedAt + (lives - 30) * 1000 };
}

function toOrg(issuer: string): string {
  return issuer.replace(/\/+$/, '');
}
