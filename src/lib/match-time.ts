import { createContext, runInContext, type Context } from 'node:vm';

/** Milliseconds after which a pattern is given up. */
const MOST = 4000;
/** Tries of one text: other programs of the machine make a single one slow. */
const TRIES = 12;

/** Tells the texts, by number, on which finding all matches of a pattern never takes less than so many milliseconds. */
const program = `
  const pattern = new RegExp(source, flags);
  const timeOf = (text) => {
    const before = now();
    for (const match of text.matchAll(pattern));
    return now() - before;
  };
  const isSlow = (text) => {
    for (let left = tries; left > 0; ) {
      const time = timeOf(text);
      if (time < limit) return false;
      left -= time > limit * 8 ? tries / 3 : 1;
    }
    return true;
  };
  texts.findIndex(isSlow);
`;

let context: Context | undefined;
let slowness: number | undefined;

/** A text and pattern that take `REFERENCE` milliseconds where limits are meant as they are; slower machines get more. */
const reference = { pattern: /[a-z]{1,64}!/g, text: 'a'.repeat(30_000) };
const REFERENCE = 10;

function measureSlowness(): number {
  let least = Infinity;
  for (let left = TRIES; left > 0; left -= 1) {
    const before = performance.now();
    reference.text.search(reference.pattern);
    least = Math.min(least, performance.now() - before);
  }
  return Math.max(1, least / REFERENCE);
}

/**
 * Gives the number of the first text on which a pattern takes longer than `limit` milliseconds, however often it is
 * tried; undefined where there is none. A pattern that would take for ever is stopped, and counts as slow.
 */
export function slowText(
  source: string,
  flags: string,
  texts: readonly string[],
  limit: number,
): number | undefined {
  context ??= createContext({ now: () => performance.now(), tries: TRIES });
  slowness ??= measureSlowness();
  Object.assign(context, { source, flags, texts, limit: limit * slowness });
  try {
    const found = Number(runInContext(`{${program}}`, context, { timeout: MOST }));
    return found === -1 ? undefined : found;
  } catch (error) {
    // The error may be of the realm in which the pattern ran.
    if (Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 0;
    throw error;
  }
}
