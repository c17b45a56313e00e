import { AgentIdError } from '../../model/error.ts';
import type { CheckResult } from '../types.ts';

/** Looks at one thing; what it throws is what was found. */
export async function look(what: string, task: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await task();
    return { what, ok: true, detail: 'works' };
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    return { what, ok: false, detail: [error.message, error.hint].filter(Boolean).join('. ') };
  }
}
