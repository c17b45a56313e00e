import { textOf, type Data } from './data.ts';

/** One page of a list of names, with the mark by which the host knows it again. */
export interface Page {
  readonly etag: string;
  readonly names: readonly Data[];
  readonly hasNext: boolean;
}

/** Pages by request: those of the run before, and those of this one. */
export interface Pages {
  readonly before: ReadonlyMap<string, Page>;
  readonly now: Map<string, Page>;
}

const kept = ['name', 'updated_at', 'visibility', 'full_name'];

/** Keeps of an answer what is used of it: not the value of a variable. */
export function toNames(data: Data): Data {
  return Object.fromEntries(
    kept.filter((field) => field in data).map((field) => [field, textOf(data, field)]),
  );
}
