import type { Writable } from 'node:stream';

const ends = ['SIGINT', 'SIGTERM'] as const;

/** Where a question is shown, and what takes it back. */
export interface Terminal {
  /** Standard error: standard output is data. */
  readonly output: Writable;
  readonly signal: AbortSignal;
}

/**
 * Asks a question on standard error. A signal that ends this process takes it back, so that the terminal is left as it was;
 * of a closed terminal nothing is left, and Node aborts where it is to be set back: the default of SIGHUP is right.
 */
export async function onTerminal<T>(ask: (terminal: Terminal) => Promise<T>): Promise<T> {
  const taken = new AbortController();
  const end = (): void => taken.abort();
  for (const signal of ends) process.on(signal, end);
  try {
    return await ask({ output: process.stderr, signal: taken.signal });
  } finally {
    for (const signal of ends) process.off(signal, end);
  }
}
