import type { Span } from '../../model/place.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { joinKey } from '../key-path.ts';
import { lineEndAt, nextLineAt } from '../lines.ts';
import type { MappedText } from '../mapped.ts';
import { addValue, asWritten, replaced } from '../value.ts';

const section = /^\s*\[([^\]\r\n]{1,300})\]/;
const pair =
  /^([ \t]*(?:export[ \t]+)?)((?:\/\/[^\s=]{1,300}|"[^"\r\n]{1,200}"|[^\s=:#;[\]"'<>(){}]{1,200})(?:[ \t]{1,4}[\w.-]{1,60}){0,3}?)[ \t]*(?:=|:(?=[ \t])|[ \t](?=["']))[ \t]*/;

/** Reads the facts of an INI file or of Java properties. */
export function readIni(text: string): Draft {
  const draft = emptyDraft();
  let path = '';
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length;) {
    const end = lineEndAt(text, at);
    const line = text.slice(at, end);
    const title = section.exec(line)?.[1];
    if (title !== undefined) path = title.replaceAll(/\s+"|"/g, (mark) => (mark === '"' ? '' : '.'));
    else if (!/^\s*[#;!]/.test(line)) {
      const value = valueAt(text, { start: at, end });
      if (value !== undefined) add(draft, text, path, value);
      at = nextLineAt(text, Math.max(value?.span.end ?? end, end));
      continue;
    }
    at = nextLineAt(text, end);
  }
  return draft;
}

interface Found {
  readonly name: string;
  readonly span: Span;
  readonly entry: Span;
  readonly isQuoted: boolean;
}

function valueAt(text: string, { start, end }: Span): Found | undefined {
  const [all, , written = ''] = pair.exec(text.slice(start, end)) ?? [];
  if (all === undefined) return undefined;
  const from = start + all.length;
  const stop = continued(text, from, end);
  const raw = text.slice(from, stop);
  const quoted = /^(["'])(?:\\.|(?!\1)[^\\\r\n])*\1/.exec(raw)?.[0];
  const span =
    quoted === undefined
      ? { start: from, end: from + raw.replace(/\s[#;].*$/, '').trimEnd().length }
      : { start: from + 1, end: from + quoted.length - 1 };
  const name = written.replaceAll('"', '').trim();
  return { name, span, entry: { start, end: Math.max(stop, span.end) }, isQuoted: quoted !== undefined };
}

/** A line that ends in a backslash goes on in the next one. */
function continued(text: string, from: number, end: number): number {
  let stop = end;
  while (stop > from && text.charAt(stop - 1) === '\\' && stop < text.length) {
    stop = lineEndAt(text, nextLineAt(text, stop));
  }
  return stop;
}

function add(draft: Draft, text: string, path: string, found: Found): void {
  const { name, span, entry } = found;
  const whole = { path: joinKey(path, name), name: nameOf(name), span, entry };
  addValue(draft, { ...whole, mapped: decoded(text, found) });
  if (!/^environment$/i.test(name)) return;
  // A unit of systemd: `Environment="A=b" C=d`.
  for (const match of text.slice(span.start, entry.end).matchAll(/([A-Za-z_]\w*)=([^\s"']+)/g)) {
    const valueEnd = span.start + match.index + match[0].length;
    const value = { start: valueEnd - (match[2] ?? '').length, end: valueEnd };
    const variable = match[1] ?? '';
    addValue(draft, {
      path: `${whole.path}.${variable}`,
      name: variable,
      span: value,
      entry,
      mapped: asWritten(text, value),
    });
  }
}

/** npm names a credential behind the registry: `//registry.example/:_authToken`. */
function nameOf(name: string): string {
  return /:(_?\w+)$/.exec(name)?.[1] ?? name;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function decoded(text: string, { span, isQuoted }: Found): MappedText {
  const pattern = isQuoted ? /\\["'\\]/g : /\\\r?\n[ \t]*|\\u[0-9a-fA-F]{4}|\\[:=#! ]/g;
  return replaced(text, span, pattern, (all) => {
    if (/^\\\r?\n/.test(all)) return '';
    if (all.startsWith('\\u')) return String.fromCharCode(Number.parseInt(all.slice(2), 16));
    return escapes[all.charAt(1)] ?? all.charAt(1);
  });
}
