import { ExchangeError } from './error.ts';

/** Tokens, or assertions for them, in memory, shared by concurrent callers. Nothing of it is ever written. */
export interface TokenCache<T extends Kept> {
  /** Gives the token of this key, or makes it once for all who ask meanwhile. */
  get(key: string, make: () => Promise<Cached<T>>): Promise<T>;
  /** Forgets a token that its resource no longer takes; a newer one under the same key stays. */
  drop(key: string, token: T): void;
}

interface Kept {
  readonly value: string;
}

/** A token and until when it may be answered from memory, in milliseconds since 1970. */
export interface Cached<T extends Kept> {
  readonly token: T;
  readonly usableUntil: number;
}

const NEGATIVE_MS = 5_000;
const MAX_ENTRIES = 2_000;

/** Makes an empty cache. Refusals that will not change by asking again are remembered for five seconds. */
export function createCache<T extends Kept>(clock: () => number): TokenCache<T> {
  const tokens = new Map<string, Cached<T>>();
  const refusals = new Map<string, { readonly error: ExchangeError; readonly until: number }>();
  const flights = new Map<string, Promise<Cached<T>>>();

  async function fly(key: string, make: () => Promise<Cached<T>>): Promise<Cached<T>> {
    try {
      const cached = await make();
      remember(tokens, key, cached);
      return cached;
    } catch (error) {
      if (isLasting(error)) remember(refusals, key, { error, until: clock() + NEGATIVE_MS });
      throw error;
    } finally {
      flights.delete(key);
    }
  }

  return {
    async get(key, make) {
      const cached = tokens.get(key);
      if (cached !== undefined && cached.usableUntil > clock()) return cached.token;
      tokens.delete(key);
      const refusal = refusals.get(key);
      if (refusal !== undefined && refusal.until > clock()) throw again(refusal.error);
      refusals.delete(key);
      const flight = flights.get(key) ?? fly(key, make);
      flights.set(key, flight);
      return (await flight).token;
    },
    drop(key, token) {
      if (tokens.get(key)?.token.value === token.value) tokens.delete(key);
    },
  };
}

function isLasting(error: unknown): error is ExchangeError {
  return error instanceof ExchangeError && ['access-denied', 'invalid-target'].includes(error.code);
}

function again(error: ExchangeError): ExchangeError {
  return new ExchangeError(error.code, error.message, {
    cause: error,
    ...(error.status === null ? {} : { status: error.status }),
  });
}

/** Keeps the map bounded by forgetting the oldest. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_ENTRIES) break;
    map.delete(oldest);
  }
}
