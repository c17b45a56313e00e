import { toRecord } from '../metadata.ts';
import type { OktaAdmin, OktaCall, OktaObject } from './admin.ts';

const MAX_PAGES = 100;

/** Lists what comes as `{data, _links}`, all pages; an empty list for a missing parent. `call.path` has a query. */
export async function listData(admin: OktaAdmin, call: OktaCall): Promise<readonly OktaObject[]> {
  const found: OktaObject[] = [];
  let path = call.path;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await admin.ask({ ...call, path });
    const { data } = toRecord(answer);
    if (Array.isArray(data)) found.push(...data.map(toRecord));
    const next = nextCursor(answer);
    if (next === undefined) break;
    path = `${call.path}&after=${encodeURIComponent(next)}`;
  }
  return found;
}

/** Gives where a list goes on; only the cursor is taken from the address. */
export function nextCursor(answer: unknown): string | undefined {
  const href = toRecord(toRecord(toRecord(answer)['_links'])['next'])['href'];
  if (typeof href !== 'string' || !URL.canParse(href)) return undefined;
  return new URL(href).searchParams.get('after') ?? undefined;
}
