import type { LiveCheck } from '../../model/rule.ts';
import type { Secret } from '../../model/secret.ts';

/** Where one check goes. */
export interface CheckAddress {
  readonly url: string;
  readonly host: string;
  readonly method: 'GET' | 'POST';
  /** A refusal by this host proves that the secret does not work. */
  readonly isCertain: boolean;
}

/**
 * Finds where a check goes: to the host of its rule, or to the one that the person named for its provider, never to one
 * from what was scanned. Undefined where the provider has no host for all, and nobody named one.
 */
export function toAddress(
  { url, host, method = 'GET' }: LiveCheck,
  named: string | undefined,
): CheckAddress | undefined {
  const isFixed = !url.includes('{host}');
  const chosen = isFixed ? '' : (named ?? host);
  if (chosen === undefined) return undefined;
  const whole = new URL(url.replace('{host}', chosen));
  return { url: whole.href, host: whole.host, method, isCertain: isFixed || named !== undefined };
}

/** Makes the headers of a check. The secret stands in them only: addresses are logged on the way. */
export function toHeaders(
  { headers }: LiveCheck,
  secret: Secret,
): Readonly<Record<string, string>> | undefined {
  const value = secret.open();
  if (!/^[\x21-\x7e]{1,4096}$/.test(value)) return undefined;
  const filled = Object.entries(headers).map(([name, text]) => [name, text.replace('{secret}', () => value)]);
  return { accept: 'application/json', ...(Object.fromEntries(filled) as Record<string, string>) };
}
