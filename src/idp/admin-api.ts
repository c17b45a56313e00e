import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readClaims } from '../exchange/encode.ts';
import { wasNeverSent, type HttpAnswer, type HttpRequest } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';
import type { Authorize } from './admin-token.ts';
import { toRecord } from './metadata.ts';
import type { AdapterParts } from './parts.ts';

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

const TRIES = 3;
const LONGEST_WAIT_MS = 60_000;
const JITTER_MS = 200;

/** Makes an admin API. Sends nothing yet. */
export function createAdminApi(parts: AdapterParts, place: ApiPlace): AdminApi {
  const send = async (call: ApiCall, fresh: boolean): Promise<HttpAnswer> => {
    const [base, token] = [await place.base(), await place.authorize(fresh)];
    return sendPatiently(parts, `${base}${call.path}`, {
      request: {
        method: call.method ?? 'GET',
        headers: { ...call.headers, authorization: `Bearer ${token.open()}` },
        ...(call.body === undefined ? {} : { body: call.body }),
      },
      name: place.name,
    });
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

interface Sent {
  readonly request: HttpRequest;
  readonly name: string;
}

/**
 * Sends a request, three times at most. A 429 was not processed, and is repeated when the provider's window opens again,
 * within a minute. After 5xx and a broken connection only what changes nothing twice is repeated: not a POST.
 */
async function sendPatiently(parts: AdapterParts, url: string, { request, name }: Sent): Promise<HttpAnswer> {
  const repeatable = request.method !== 'POST';
  for (let tries = 1; ; tries += 1) {
    const outcome = await attempt(parts, url, request);
    if (!(outcome instanceof AgentIdError) && outcome.status !== 429 && outcome.status < 500) return outcome;
    const wait = toWait(outcome, { repeatable, now: parts.clock() });
    if (wait === undefined || wait > LONGEST_WAIT_MS || tries === TRIES) throw toError(outcome, url, name);
    await sleep(wait * tries + randomInt(JITTER_MS));
  }
}

async function attempt(
  parts: AdapterParts,
  url: string,
  request: HttpRequest,
): Promise<HttpAnswer | AgentIdError> {
  try {
    return await parts.http.request(url, { ...request, anyStatus: true });
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'idp-unreachable') return error;
    throw error;
  }
}

/** Gives how long to wait, in milliseconds; `undefined` for what may not be tried again. */
function toWait(
  outcome: HttpAnswer | AgentIdError,
  { repeatable, now }: { readonly repeatable: boolean; readonly now: number },
): number | undefined {
  if (outcome instanceof AgentIdError) return repeatable || wasNeverSent(outcome) ? 100 : undefined;
  if (outcome.status !== 429) return repeatable ? 100 : undefined;
  const { headers, clockAheadSeconds } = outcome;
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(after)) return after * 1000;
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(0, (reset + clockAheadSeconds) * 1000 - now) : 1000;
}

function toError(outcome: HttpAnswer | AgentIdError, url: string, name: string): AgentIdError {
  if (outcome instanceof AgentIdError) return outcome;
  const { origin, pathname } = new URL(url);
  const where = `${origin}${pathname}`;
  if (outcome.status !== 429)
    return new AgentIdError('idp-unreachable', `${name} answered ${outcome.status}`, { where });
  return new AgentIdError('idp-unreachable', `the rate limit of ${name} is used up (429)`, {
    where,
    hint: 'Wait a minute and do the same again: nothing is done twice.',
  });
}
