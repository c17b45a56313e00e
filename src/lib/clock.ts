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

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads a duration such as `90s`, `24h` or `7d`, in milliseconds; `undefined` for a text that is none. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const seconds = unitSeconds[unit ?? ''];
  return seconds === undefined ? undefined : Number(count) * seconds * 1000;
}
