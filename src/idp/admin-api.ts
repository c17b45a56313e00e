import { readClaims } from '../exchange/encode.ts';
import type { HttpAnswer, HttpRequest } from '../lib/http.ts';
import type { AgentIdError } from '../model/error.ts';
import type { Authorize } from './admin-token.ts';
import { toRecord } from './metadata.ts';
import type { AdapterParts } from './parts.ts';
import { sendPatiently } from './patience.ts';

/** One request of an admin API. */
export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the API's address. */
  readonly path: string;
  /** The right that it takes, in the provider's words. */
  readonly right: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** What it is for, as a verb: shown where it is refused. */
  readonly what: string;
}

/** An admin API with bearer tokens and JSON. */
export interface AdminApi {
  readonly parts: AdapterParts;
  /** Gives the answer's body, or `undefined` where there is no such thing (404). Throws `idp-refused`, `idp-unreachable`. */
  ask(call: ApiCall): Promise<unknown>;
  /** What the administrator's own token says of his rights; empty for one that is not to be read. */
  claims(): Promise<Readonly<Record<string, unknown>>>;
}

/** Which API it is, and how its administrator is let in. */
export interface ApiPlace {
  /** The provider, as a person calls it. */
  readonly name: string;
  readonly base: () => Promise<string>;
  readonly authorize: Authorize;
  readonly toRefusal: (answer: HttpAnswer, call: ApiCall) => AgentIdError;
}

/** Makes an admin API. Sends nothing yet. */
export function createAdminApi(parts: AdapterParts, place: ApiPlace): AdminApi {
  const send = async (call: ApiCall, fresh: boolean): Promise<HttpAnswer> => {
    const [base, token] = [await place.base(), await place.authorize(fresh)];
    const request: HttpRequest = {
      method: call.method ?? 'GET',
      headers: { ...call.headers, authorization: `Bearer ${token.open()}` },
      ...(call.body === undefined ? {} : { body: call.body }),
    };
    return sendPatiently(parts, `${base}${call.path}`, request, { name: place.name });
  };
  return {
    parts,
    async ask(call) {
      let answer = await send(call, false);
      // A token may end early: its client was changed, or the clock is off.
      if (answer.status === 401) answer = await send(call, true);
      // What is made below something that is not there is not made: that is no answer.
      if (answer.status === 404 && call.method !== 'POST') return undefined;
      if (answer.status >= 400) throw place.toRefusal(answer, call);
      return answer.body ?? {};
    },
    claims: async () => toRecord(readClaims((await place.authorize(false)).open())),
  };
}
