import type { Check } from '../model/check.ts';
import { printable } from './error.ts';

const words: Readonly<Record<Check['state'], string>> = { ok: 'ok', bad: 'mend', none: '-' };

/** Renders checks, one a line, each fault with its fix below it. Ends with a line break. */
export function renderChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, detail, fix }) => [
    `${words[state].padEnd(5)} ${name.padEnd(width)}  ${printable(detail)}`,
    ...(fix === null ? [] : [`${' '.repeat(width + 8)}→ ${printable(fix)}`]),
  ]);
  const bad = checks.filter(({ state }) => state === 'bad').length;
  const verdict = bad === 0 ? 'Nothing to mend.' : `${bad} to mend.`;
  return `${[...lines, '', verdict].join('\n')}\n`;
}
