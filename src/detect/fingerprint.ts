import { createHmac } from 'node:crypto';

/** Makes keyed fingerprints: HMAC-SHA-256, 128 bits, hex. The same key gives the same ones on every machine. */
export type Fingerprint = (...parts: readonly string[]) => string;

/** The key where neither the environment nor the settings have one; the output says so. */
export const defaultKey = 'agent-id fingerprint v1';

export function createFingerprint(key: string): Fingerprint {
  return (...parts) => createHmac('sha256', key).update(parts.join('\0')).digest('hex').slice(0, 32);
}
