import type { LiveCheck } from '../../model/rule.ts';

/** What a provider answered. */
export interface Answer {
  readonly status: number;
  /** The parsed JSON; undefined where there was none. */
  readonly body: unknown;
}

/** Whether a secret works. */
export type Live = 'active' | 'revoked' | 'unknown';

/**
 * Says what an answer proves. `isCertain` is false where the provider's software also runs elsewhere and nobody said that
 * the secret is of this host: then a refusal proves nothing.
 */
export function judge({ works, dead, says }: LiveCheck, { status, body }: Answer, isCertain: boolean): Live {
  const said = says === undefined ? null : fieldOf(body, says.field);
  if (says !== undefined && said !== null) {
    if (!says.dead.includes(said)) return 'unknown';
    return isCertain ? 'revoked' : 'unknown';
  }
  if (works.includes(status)) return 'active';
  return dead.includes(status) && isCertain ? 'revoked' : 'unknown';
}

/** Reads a text at a path such as `error.code`; null where there is none. */
function fieldOf(body: unknown, path: string): string | null {
  let at = body;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null) return null;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return typeof at === 'string' ? at : null;
}
