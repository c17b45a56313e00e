import type { Span } from '../../model/place.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { addValue, replaced } from '../value.ts';

/** Rows read at most: a longer table is data, and its text is looked at all the same. */
const MOST_ROWS = 20_000;

interface Field extends Span {
  readonly quoted: boolean;
}

/** Reads the facts of a table with a header. */
export function readCsv(text: string): Draft {
  const draft = emptyDraft();
  const rows = lexRows(text, separatorOf(text));
  const header = (rows.next().value ?? []).map((field) => text.slice(field.start, field.end).trim());
  const keyed = keyColumns(header);
  let row = 0;
  for (const fields of rows) {
    row += 1;
    const key = fields[keyed.key];
    for (const [at, field] of fields.entries()) {
      const column = header[at] ?? String(at);
      const isKeyed = key !== undefined && at === keyed.value;
      const name = isKeyed ? text.slice(key.start, key.end) : column;
      addField(draft, text, field, { path: `[${row}].${column}`, name });
    }
  }
  return draft;
}

function addField(
  draft: Draft,
  text: string,
  { start, end, quoted }: Field,
  named: { readonly path: string; readonly name: string },
): void {
  const span = { start, end };
  const mapped = replaced(text, span, quoted ? /""/g : /(?!)/g, () => '"');
  addValue(draft, { ...named, span, entry: span, mapped });
}

/** A table of keys and values names each value by its key. */
function keyColumns(header: readonly string[]): { readonly key: number; readonly value: number } {
  const key = header.findIndex((name) => /^(key|name|variable|setting|parameter|property|env)$/i.test(name));
  const value = header.findIndex((name) => /^(value|secret|val|content)$/i.test(name));
  return key === -1 || value === -1 ? { key: -1, value: -1 } : { key, value };
}

function separatorOf(text: string): string {
  const line = text.slice(0, 10_000).split('\n', 1)[0] ?? '';
  const counted = [',', ';', '\t', '|'].map((one) => ({ one, count: line.split(one).length }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.one ?? ',';
}

/** @yields the fields of one row, without their quotes */
function* lexRows(text: string, separator: string): Generator<readonly Field[], undefined> {
  let fields: Field[] = [];
  let rows = 0;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length;) {
    const field = fieldAt(text, at, separator);
    fields.push(field);
    at = field.end + (field.quoted ? 1 : 0);
    while (at < text.length && text.charAt(at) !== separator && text.charAt(at) !== '\n') at += 1;
    if (text.charAt(at) !== separator) {
      yield fields;
      fields = [];
      rows += 1;
      if (rows > MOST_ROWS) return undefined;
    }
    at += 1;
  }
  if (fields.length > 0) yield fields;
  return undefined;
}

function fieldAt(text: string, start: number, separator: string): Field {
  if (text.charAt(start) === '"') {
    let end = start + 1;
    while (end < text.length && !(text.charAt(end) === '"' && text.charAt(end + 1) !== '"'))
      end += text.charAt(end) === '"' ? 2 : 1;
    return { start: start + 1, end: Math.max(start + 1, Math.min(end, text.length)), quoted: true };
  }
  let end = start;
  while (end < text.length && text.charAt(end) !== separator && !/[\r\n]/.test(text.charAt(end))) end += 1;
  return { start, end, quoted: false };
}
