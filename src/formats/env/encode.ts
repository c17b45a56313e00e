import type { EnvEntry } from './lex.ts';

/** Writes a value with the quotes that its place has, where it can stand in them; else with the plainest that fit. */
export function encodeEnvValue(value: string, quote: EnvEntry['quote']): string {
  const fitting = [quote, '' as const, '"' as const, "'" as const].find((one) => fits(value, one)) ?? '"';
  return fitting === '"' ? `"${escape(value)}"` : `${fitting}${value}${fitting}`;
}

function fits(value: string, quote: EnvEntry['quote']): boolean {
  if (quote === '') return /^[^\s#"'`$\\][^\s#"'`$\\]*$/.test(value) || value === '';
  // Loaders disagree about escapes in double quotes and about `$`: single quotes mean the same to all.
  if (quote === '"') return !/["\\$`]/.test(value);
  return !value.includes(quote) && !value.includes('\n') && !value.includes('\r');
}

function escape(value: string): string {
  return value
    .replaceAll(/["\\$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}
