import { randomBytes } from 'node:crypto';
import { errorBody } from './okta-description.ts';
import { table, type Row, type Rows } from './okta-rows.ts';

/** A request as a handler of the double gets it. */
export interface Asked {
  readonly rows: Rows;
  readonly issuer: string;
  /** What stands in the path. */
  readonly values: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Row;
  /** The id of the API token that asks, where one does. */
  readonly caller: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

export type Handler = (asked: Asked) => Answer;

/** Few rows on a page, so that there are several. */
export const PAGE = 2;

export function made(
  rows: Rows,
  name: string,
  [prefix, status]: readonly [string, number],
  body: Row,
): Answer {
  const created = new Date().toISOString();
  const row: Row = { id: newId(prefix), ...body, created, lastUpdated: created };
  table(rows, name).set(String(row['id']), row);
  return { status, body: row };
}

export function gone(rows: Rows, name: string, id: string): Answer {
  return table(rows, name).delete(id) ? { status: 204, body: undefined } : missing();
}

export function missing(): Answer {
  return { status: 404, body: errorBody(404) };
}

export function invalid(reason: string): Answer {
  return { status: 400, body: { ...errorBody(400), errorCauses: [{ errorSummary: reason }] } };
}

export function newId(prefix: string): string {
  return `${prefix}${randomBytes(8).toString('hex')}`;
}
