import { AgentIdError } from '../model/error.ts';

/**
 * Gives what is there, or makes it. Where the answer to a create is lost it looks whether the thing was made, and
 * only then tries again: nothing is made twice. Names must be unique at the provider, so that a race ends in a refusal, not in two.
 */
export async function ensure<T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
): Promise<{ readonly found: T; readonly made: boolean }> {
  const there = await find();
  if (there !== undefined) return { found: there, made: false };
  for (let tries = 1; ; tries += 1) {
    try {
      return { found: await create(), made: true };
    } catch (error) {
      if (!(error instanceof AgentIdError)) throw error;
      const found = await find();
      if (found !== undefined) return { found, made: true };
      if (error.code !== 'idp-unreachable' || tries === 2) throw error;
    }
  }
}
