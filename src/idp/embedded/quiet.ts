import { format } from 'node:util';

/**
 * Runs a task while the console says nothing: the OpenID library greets with warnings that are no concern of
 * the person who started us. Gives what it would have said.
 */
export async function quietly<T>(
  task: () => Promise<T>,
): Promise<{ readonly result: T; readonly said: readonly string[] }> {
  const said: string[] = [];
  const say = (...parts: unknown[]): void => void said.push(format(...parts));
  const loud = { ...globalThis.console };
  Object.assign(globalThis.console, { info: say, warn: say });
  try {
    return { result: await task(), said };
  } finally {
    Object.assign(globalThis.console, loud);
  }
}
