import { createContext, runInContext, type Context } from 'node:vm';

/** Milliseconds after which a pattern is given up. */
const MOST = 4000;
/** Tries of one text: other programs of the machine make a single one slow. */
const TRIES = 12;
/** Times that a slow pattern is tried anew, and milliseconds before each: what else the machine does passes. */
const ROUNDS = 4;
const REST = 400;

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
    const before = now();
    reference.text.search(reference.pattern);
    least = Math.min(least, now() - before);
  }
  return Math.max(1, least / REFERENCE);
}

/** Milliseconds that this process has computed: those in which others had the processor do not count. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What is tried. */
interface Trial {
  readonly source: string;
  readonly flags: string;
  readonly texts: readonly string[];
  /** Milliseconds, on a machine that is not slow. */
  readonly limit: number;
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
  slowness ??= measureSlowness();
  let found: number | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const tried = tryOnce({ source, flags, texts, limit: limit * slowness });
    if (tried === 'stopped') return 0;
    if (tried === undefined) return undefined;
    found = tried;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REST);
    slowness = measureSlowness();
  }
  return found;
}

function tryOnce(trial: Trial): number | 'stopped' | undefined {
  context ??= createContext({ now, tries: TRIES });
  Object.assign(context, trial);
  try {
    const found = Number(runInContext(`{${program}}`, context, { timeout: MOST }));
    return found === -1 ? undefined : found;
  } catch (error) {
    // The error may be of the realm in which the pattern ran.
    if (Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'stopped';
    throw error;
  }
}
