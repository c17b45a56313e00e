import { printable } from './error.ts';

/** Spreadsheets run a cell that begins as a formula, also after blanks and in wide letters: it is marked as text. */
export function csvCell(value: string | number | undefined | null): string {
  const text = printable(String(value ?? ''));
  const plain = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]/u.test(text) ? `'${text}` : text;
  return /[",\s']/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
