import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { toFacts } from '../draft.ts';
import { isBlank, lineBreakOf, lineOf, nextLineAt, toWholeLines } from '../lines.ts';
import { loadScriptReader } from '../shell/script.ts';
import type { Document } from '../types.ts';
import { dockerFacts, type DockerSlot } from './facts.ts';

/** Reads a Dockerfile. */
export async function parseDockerfile(text: string, path: string): Promise<Document> {
  // The parser takes no byte order mark; a blank in its place keeps every offset.
  const { draft, slots } = dockerFacts(text.replace(/^\uFEFF/, ' '), await loadScriptReader());
  const find = (slot: Slot): DockerSlot => {
    const found = slots.find((one) => one.path === slot.path && one.span.start === slot.span.start);
    if (found !== undefined) return found;
    throw new AgentIdError('unsupported', 'a part of a command cannot be changed safely here', {
      where: `${path}:${lineOf(text, slot.span.start)}`,
      hint: 'Change it by hand.',
    });
  };
  return {
    facts: toFacts({ ...draft, slots: [...slots, ...draft.slots] }, 'dockerfile', path, text),
    setValue: (slot, value, reason) => setValue(text, find(slot), value, reason),
    removeEntry: (slot, reason) => [{ span: cut(text, find(slot)), text: '', reason }],
    insertEntry(beside, name, value, reason) {
      const { instruction, keyword } = find(beside);
      const added = `${lineBreakOf(text)}${keyword} ${name}=${quote(value)}`;
      return { span: { start: instruction.end, end: instruction.end }, text: added, reason };
    },
  };
}

function quote(value: string): string {
  if (/^[\w@%+:,./-]+$/.test(value)) return value;
  return `"${value.replaceAll(/["\\$]/g, '\\$&')}"`;
}

function setValue(text: string, slot: DockerSlot, value: string, reason: string): Edit {
  const { span } = slot;
  if (value === slot.value) return { span: { start: span.end, end: span.end }, text: '', reason };
  if (span.start === slot.entry.end) return { span, text: `=${quote(value)}`, reason };
  const mark = text.charAt(span.start - 1);
  const isQuoted = /["']/.test(mark) && text.charAt(span.end) === mark;
  if (!isQuoted) return { span, text: quote(value), reason };
  if (mark === "'" && !value.includes("'")) return { span, text: value, reason };
  return {
    span: { start: span.start - 1, end: span.end + 1 },
    text: `"${value.replaceAll(/["\\$]/g, '\\$&')}"`,
    reason,
  };
}

/** The only variable of an instruction takes it along; one of several goes with the blanks before it. */
function cut(text: string, { instruction, entry, isOnly }: DockerSlot): Span {
  if (isOnly) return toWholeLines(text, instruction) ?? instruction;
  const before = /(?:[ \t]|\\\r?\n)*$/.exec(text.slice(instruction.start, entry.start))?.[0].length ?? 0;
  const isFirst =
    isBlank(text, entry.start - before, entry.start) &&
    /^\w+$/.test(text.slice(instruction.start, entry.start - before));
  if (!isFirst) return { start: entry.start - before, end: entry.end };
  const after =
    /^(?:[ \t]|\\\r?\n)*/.exec(text.slice(entry.end, nextLineAt(text, instruction.end)))?.[0].length ?? 0;
  return { start: entry.start, end: entry.end + after };
}
