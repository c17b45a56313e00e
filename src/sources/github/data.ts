/** One object of an answer. */
export type Data = Readonly<Record<string, unknown>>;

/** Gives a field of an answer; empty where it is no text. */
export function textOf(data: Data, field: string): string {
  const value = data[field];
  return typeof value === 'string' ? value : '';
}
