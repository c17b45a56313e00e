import { readMetadata } from '../idp/metadata.ts';
import type { Metadata } from '../idp/types.ts';
import type { Http } from '../lib/http.ts';

const KEEP_MS = 10 * 60_000;

/** By issuer, for the life of the process. */
const known = new Map<string, { readonly metadata: Promise<Metadata>; readonly until: number }>();

/** Finds out where the provider's endpoints are; asks at most every ten minutes. Throws as `readMetadata`. */
export async function keptMetadata(issuer: string, http: Http, clock: () => number): Promise<Metadata> {
  const kept = known.get(issuer);
  if (kept !== undefined && kept.until > clock()) return kept.metadata;
  const metadata = readMetadata(http, issuer);
  known.set(issuer, { metadata, until: clock() + KEEP_MS });
  try {
    return await metadata;
  } catch (error) {
    known.delete(issuer);
    throw error;
  }
}
