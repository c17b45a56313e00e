import type { OktaObject } from './admin.ts';

/** What Okta's description marks read-only everywhere: a request may not hold it. */
const everywhere = ['id', 'created', 'lastUpdated', '_embedded', '_links'] as const;

/** Gives an object as it came, without what a request may not hold: everything unknown stays. */
export function toWritable(raw: OktaObject, more: readonly string[] = []): OktaObject {
  const readOnly = new Set<string>([...everywhere, ...more]);
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !readOnly.has(name)));
}
