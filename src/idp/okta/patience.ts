import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { toTimestamp } from '../../lib/clock.ts';
import { wasNeverSent, type HttpAnswer, type HttpRequest } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdapterParts } from '../parts.ts';

const TRIES = 3;
const LONGEST_WAIT_MS = 60_000;
const JITTER_MS = 200;

type Request = HttpRequest | (() => Promise<HttpRequest>);

/**
 * Sends a request, three times at most. A 429 was not processed: it is repeated when Okta's window opens again
 * (`x-rate-limit-reset`, seconds since 1970 by Okta's clock), within a minute. After 5xx and a broken connection
 * only what changes nothing twice is repeated, `safe` says so of a POST. Throws `idp-unreachable`.
 */
export async function sendPatiently(
  parts: AdapterParts,
  url: string,
  request: Request,
  { safe = false }: { readonly safe?: boolean } = {},
): Promise<HttpAnswer> {
  for (let tries = 1; ; tries += 1) {
    // A signed assertion works once: each try makes its own.
    const made = typeof request === 'function' ? await request() : request;
    const repeatable = safe || made.method !== 'POST';
    const outcome = await attempt(parts, url, made);
    if (!(outcome instanceof AgentIdError) && outcome.status !== 429 && outcome.status < 500) return outcome;
    const wait = toWait(outcome, { tries, repeatable, now: parts.clock() });
    if (wait === undefined || tries === TRIES) throw toError(outcome, url);
    await sleep(wait + randomInt(JITTER_MS));
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

interface Try {
  readonly tries: number;
  readonly repeatable: boolean;
  readonly now: number;
}

/** Gives how long to wait, in milliseconds; `undefined` for what may not, or need not, be tried again. */
function toWait(outcome: HttpAnswer | AgentIdError, { tries, repeatable, now }: Try): number | undefined {
  if (outcome instanceof AgentIdError) {
    return repeatable || wasNeverSent(outcome) ? 100 * tries : undefined;
  }
  if (outcome.status !== 429) return repeatable ? 100 * tries : undefined;
  const wait = untilReset(outcome, now);
  return wait > LONGEST_WAIT_MS ? undefined : wait;
}

function untilReset({ headers, clockAheadSeconds }: HttpAnswer, now: number): number {
  const reset = Number(headers.get('x-rate-limit-reset') ?? Number.NaN);
  if (!Number.isFinite(reset)) return 1000;
  return Math.max(0, (reset + clockAheadSeconds) * 1000 - now);
}

function toError(outcome: HttpAnswer | AgentIdError, url: string): AgentIdError {
  if (outcome instanceof AgentIdError) return outcome;
  const { origin, pathname } = new URL(url);
  const { status, headers } = outcome;
  if (status !== 429) {
    return new AgentIdError('idp-unreachable', `Okta answered ${status}`, { where: `${origin}${pathname}` });
  }
  const reset = Number(headers.get('x-rate-limit-reset') ?? Number.NaN);
  return new AgentIdError('idp-unreachable', "Okta's rate limit is used up (429)", {
    where: `${origin}${pathname}`,
    hint: Number.isFinite(reset)
      ? `It opens again at ${toTimestamp(reset * 1000)}. Then do the same again: nothing is done twice.`
      : 'Wait a minute and do the same again: nothing is done twice.',
  });
}
