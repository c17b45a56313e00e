import { createTwoFilesPatch } from 'diff';
import { printable } from './error.ts';

/** A changed file, and every value in it that nobody may see: those that go and those that stay beside them. */
export interface MaskedChange {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Half-open ranges of `before` that hold secrets. */
  readonly secrets: readonly { readonly start: number; readonly end: number }[];
}

const mask = '********';

/** Renders a unified diff in which every secret, removed or in the context, is masked. */
export function renderDiff(change: MaskedChange): string {
  const values = [...new Set(change.secrets.map(({ start, end }) => change.before.slice(start, end)))]
    .filter((value) => value.length >= 4)
    .sort((a, b) => b.length - a.length);
  const hide = (text: string): string =>
    values.reduce((hidden, value) => hidden.replaceAll(value, mask), text);
  const name = printable(change.path);
  const patch = createTwoFilesPatch(
    `a/${name}`,
    `b/${name}`,
    hide(change.before),
    hide(change.after),
    '',
    '',
    { context: 2 },
  );
  return patch
    .split('\n')
    .filter((line) => !line.startsWith('===') && !line.startsWith('\\'))
    .map((line) => printable(line.replaceAll('\t', '    ')))
    .join('\n');
}
