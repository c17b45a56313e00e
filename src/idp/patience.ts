import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { toTimestamp } from '../lib/clock.ts';
import { TURNED_AWAY, wasNeverSent, type HttpAnswer, type HttpRequest } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';
import type { AdapterParts } from './parts.ts';

const TRIES = 3;
const LONGEST_WAIT_MS = 60_000;
const JITTER_MS = 200;
/** Wait after a 429 that does not say when it is over. */
const USUAL_WAIT_MS = 1000;

type Request = HttpRequest | (() => Promise<HttpRequest>);

export interface Patience {
  /** The provider, as a person calls it. */
  readonly name: string;
  /** A POST changes nothing twice. */
  readonly safe?: boolean;
}

/**
 * Sends a request, three times at most. A 429 was not processed: it is repeated when the provider's window opens again
 * (`retry-after` in seconds, or a reset header in seconds since 1970 by its clock), within a minute. After 5xx and a
 * broken connection only what changes nothing twice is repeated. Throws `idp-unreachable`.
 */
export async function sendPatiently(
  parts: AdapterParts,
  url: string,
  request: Request,
  { name, safe = false }: Patience,
): Promise<HttpAnswer> {
  for (let tries = 1; ; tries += 1) {
    // A signed assertion works once: each try makes its own.
    const made = typeof request === 'function' ? await request() : request;
    const repeatable = safe || made.method !== 'POST';
    const outcome = await attempt(parts, url, made);
    if (!(outcome instanceof AgentIdError) && outcome.status !== 429 && outcome.status < 500) return outcome;
    const wait = toWait(outcome, { tries, repeatable, now: parts.clock() });
    if (wait === undefined || tries === TRIES) throw toError(outcome, url, name);
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
  if (outcome instanceof AgentIdError) return repeatable || wasNeverSent(outcome) ? 100 * tries : undefined;
  if (outcome.status !== 429) return repeatable ? 100 * tries : undefined;
  const wait = untilOpen(outcome, now);
  return wait > LONGEST_WAIT_MS ? undefined : wait;
}

function untilOpen(answer: HttpAnswer, now: number): number {
  const after = Number(answer.headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(after)) return after * 1000;
  const reset = resetOf(answer);
  return reset === undefined ? USUAL_WAIT_MS : Math.max(0, (reset + answer.clockAheadSeconds) * 1000 - now);
}

/** Seconds since 1970 by the provider's clock, by either name of the header. */
function resetOf({ headers }: HttpAnswer): number | undefined {
  const reset = Number(headers.get('x-rate-limit-reset') ?? headers.get('x-ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(reset) ? reset : undefined;
}

function toError(outcome: HttpAnswer | AgentIdError, url: string, name: string): AgentIdError {
  if (outcome instanceof AgentIdError) return outcome;
  const { origin, pathname } = new URL(url);
  const where = `${origin}${pathname}`;
  if (outcome.status !== 429)
    return new AgentIdError('idp-unreachable', `${name} answered ${outcome.status}`, { where });
  const reset = resetOf(outcome);
  return new AgentIdError('idp-unreachable', `the rate limit of ${name} is used up (429)`, {
    where,
    cause: Object.assign(new Error('429'), { code: TURNED_AWAY }),
    hint:
      reset === undefined
        ? 'Wait a minute and do the same again: nothing is done twice.'
        : `It opens again at ${toTimestamp(reset * 1000)}. Then do the same again: nothing is done twice.`,
  });
}
