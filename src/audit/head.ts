import { createHmac, timingSafeEqual } from 'node:crypto';
import { readTextIfThere, writeWhole } from '../lib/files.ts';
import { genesis, toCanonical, type Mark } from './chain.ts';

/**
 * Where the log ends, under a MAC. `next` is what is being written: announced before, confirmed after, so that a
 * crash between the two is told from a log that somebody cut or extended.
 */
export interface Head {
  readonly last: Mark;
  readonly next: Mark | null;
  /** How many torn last lines were cut off: each is the trace of a crash, or of somebody who imitates one. */
  readonly tears: number;
}

/** Reads the head; `undefined` where there is none, `altered` where its MAC is wrong. */
export async function readHead(path: string, key: Buffer): Promise<Head | 'altered' | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    const { mac, ...data } = JSON.parse(text) as { mac: unknown } & Record<string, unknown>;
    const expected = Buffer.from(toMac(data, key), 'hex');
    const found = Buffer.from(String(mac), 'hex');
    if (found.length !== expected.length || !timingSafeEqual(found, expected)) return 'altered';
    return { last: data['last'] as Mark, next: data['next'] as Mark | null, tears: Number(data['tears']) };
  } catch {
    return 'altered';
  }
}

/** Writes the head whole or not at all. */
export async function writeHead(path: string, head: Head, key: Buffer): Promise<void> {
  const data = { schemaVersion: 1, last: head.last, next: head.next, tears: head.tears };
  await writeWhole(path, `${JSON.stringify({ ...data, mac: toMac(data, key) })}\n`, 0o600);
}

function toMac(data: object, key: Buffer): string {
  return createHmac('sha256', key)
    .update(`agent-id audit head ${genesis}\n${toCanonical(data)}`)
    .digest('hex');
}
