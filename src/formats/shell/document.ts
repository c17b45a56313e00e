import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { toFacts } from '../draft.ts';
import { indentAt, lineBreakOf, lineEndAt, lineOf, toWholeLines } from '../lines.ts';
import { removalComment } from '../removal.ts';
import { loadTreeParser } from '../tree-parser.ts';
import type { Document } from '../types.ts';
import { adoptShell } from './adopt.ts';
import { shellFacts } from './facts.ts';

/** Reads a shell script. */
export async function parseShell(text: string, path: string): Promise<Document> {
  const parse = await loadTreeParser('tree-sitter-bash');
  const { root, broken } = parse(text);
  const draft = shellFacts(root, text, (inner) => parse(inner).root);
  return {
    facts: toFacts(draft, 'shell', path, text),
    broken,
    setValue: (slot, value, reason) => setValue(text, slot, value, reason),
    removeEntry: (slot, reason) => [removeEntry(text, path, slot, reason)],
    insertEntry: (beside, name, value, reason) => {
      const exported = /^export\b/.test(text.slice(beside.entry.start)) ? 'export ' : '';
      if (toWholeLines(text, beside.entry) === undefined) throw unsupported(path, text, beside.entry);
      const end = lineEndAt(text, beside.entry.end);
      const line = `${lineBreakOf(text)}${indentAt(text, beside.entry.start)}${exported}${name}=${quote(value)}`;
      return { span: { start: end, end }, text: line, reason };
    },
    adopt: (uses, target) => adoptShell({ root, text }, uses, target),
  };
}

/** Quotes a word so that the shell takes it as it is. */
export function quote(value: string): string {
  if (/^[\w@%+:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

function setValue(text: string, slot: Slot, value: string, reason: string): Edit {
  const { span } = slot;
  if (value === slot.value) return { span: { start: span.end, end: span.end }, text: '', reason };
  const mark = text.charAt(span.start - 1);
  const isQuoted = (mark === '"' || mark === "'") && text.charAt(span.end) === mark;
  if (!isQuoted) return { span, text: quote(value), reason };
  const fits = mark === '"' ? !/["$`\\]/.test(value) : !value.includes("'");
  if (fits) return { span, text: value, reason };
  return { span: { start: span.start - 1, end: span.end + 1 }, text: quote(value), reason };
}

function removeEntry(text: string, path: string, slot: Slot, reason: string): Edit {
  const { entry } = slot;
  const isAssignment = /^(?:(?:export|readonly|declare|local|typeset)\b[^=]*\s)?[\w[\]]+\+?=/.test(
    text.slice(entry.start, entry.end),
  );
  if (!isAssignment) throw unsupported(path, text, entry);
  if (toWholeLines(text, entry) === undefined) {
    if (!/[ \t]$/.test(text.slice(entry.start, entry.end))) throw unsupported(path, text, entry);
    return { span: entry, text: '', reason };
  }
  return { span: entry, text: removalComment('#', slot.name, reason), reason };
}

function unsupported(path: string, text: string, { start }: Span): AgentIdError {
  return new AgentIdError('unsupported', 'this part of the script cannot be changed safely', {
    where: `${path}:${lineOf(text, start)}`,
    hint: 'Change it by hand.',
  });
}
