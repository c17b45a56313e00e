import { setTimeout as sleep } from 'node:timers/promises';
import { parseTime } from '../../lib/system.ts';
import { AgentIdError } from '../../model/error.ts';

/** What an answer says of limits: header names in lower case. */
export type Headers = Readonly<Record<string, string | number | undefined>>;

/** Keeps requests within the limits that the host tells of. */
export interface Pace {
  /** Waits while there is nothing left of the hour's requests. */
  readonly before: () => Promise<void>;
  readonly after: (headers: Headers) => void;
  /** Waits as a refusal says, or says that the request may not be tried again. Throws `host-unreachable` for too long a wait. */
  readonly again: (status: number, headers: Headers, tries: number) => Promise<boolean>;
}

interface PaceOptions {
  /** Milliseconds since 1970, where an answer has no date. */
  readonly clock: () => number;
  readonly say: (text: string) => void;
}

/** A limit is renewed each hour. */
const MOST_SECONDS = 3700;
const MOST_TRIES = 4;
/** For a refusal that does not say how long. */
const MINUTE = 60;
const FAULT_SECONDS = [0.3, 1, 4] as const;

/** @see GitHub's documentation, "Rate limits for the REST API" */
export function createPace({ clock, say }: PaceOptions): Pace {
  let emptyFor = 0;
  // One limit is for all that ask at the same time.
  let held = Promise.resolve();
  const wait = async (seconds: number): Promise<void> => {
    if (seconds > MOST_SECONDS) throw tooLong(seconds);
    if (seconds >= 1) say(`waiting ${Math.ceil(seconds)} s, as GitHub asks`);
    await sleep(seconds * 1000);
  };
  return {
    before: async () => {
      const seconds = emptyFor;
      emptyFor = 0;
      if (seconds > 0) held = wait(seconds);
      await held;
    },
    after: (headers) => {
      if (headers['x-ratelimit-remaining'] !== undefined && Number(headers['x-ratelimit-remaining']) === 0)
        emptyFor = untilReset(headers, clock());
    },
    again: async (status, headers, tries) => {
      if (tries >= MOST_TRIES) return false;
      const fault = FAULT_SECONDS[tries - 1];
      if (status >= 500 || status === 0) {
        if (fault === undefined) return false;
        await wait(fault);
        return true;
      }
      const seconds = limitSeconds(status, headers, clock());
      if (seconds === undefined) return false;
      held = wait(seconds);
      await held;
      return true;
    },
  };
}

/** A refusal is about limits where it says when to come again, or that nothing is left. */
function limitSeconds(status: number, headers: Headers, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && after >= 0) return after;
  if (Number(headers['x-ratelimit-remaining'] ?? 1) === 0) return untilReset(headers, now);
  return status === 429 ? MINUTE : undefined;
}

/** By the host's own clock, where the answer has it. */
function untilReset(headers: Headers, now: number): number {
  const reset = Number(headers['x-ratelimit-reset']);
  if (!Number.isFinite(reset)) return MINUTE;
  const date = toMs(headers['date']);
  return Math.max(0, reset - (date ?? now) / 1000) + 1;
}

function toMs(date: string | number | undefined): number | undefined {
  const ms = typeof date === 'string' ? parseTime(date) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function tooLong(seconds: number): AgentIdError {
  return new AgentIdError('host-unreachable', `GitHub asks to wait for ${Math.ceil(seconds / 60)} minutes`, {
    hint: 'Run it again then: what is done is not done twice.',
  });
}
