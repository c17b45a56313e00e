/** Milliseconds since 1970. */
export type Clock = () => number;

export function systemClock(): number {
  return Date.now();
}

/** Gives RFC 3339 in UTC, to the second. */
export function toTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Gives milliseconds since 1970 for RFC 3339 text. */
export function fromTimestamp(text: string): number {
  return Date.parse(text);
}
