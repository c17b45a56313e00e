import type { Slot } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import type { Draft } from './draft.ts';
import { findExpansions } from './expansion.ts';
import { innerSlots } from './inner.ts';
import { TextMapper, toFileSpan, type MappedText } from './mapped.ts';

/** One value as a format found it: what it is, where each of its characters stands, and its entry. */
export interface Written extends Pick<Slot, 'path' | 'name' | 'entry'> {
  readonly mapped: MappedText;
  readonly span: Span;
  /** Whether `${X}`, `${env.X}` and `%X%` in it read a variable. */
  readonly expands?: boolean;
}

/** Takes a range of the text as it is. */
export function asWritten(text: string, { start, end }: Span): MappedText {
  const mapper = new TextMapper();
  mapper.copy(text, start, end);
  return mapper.toText();
}

/** Decodes a range of the text: what a pattern finds is replaced, all else stays as it is. */
export function replaced(
  text: string,
  { start, end }: Span,
  pattern: RegExp,
  decode: (all: string) => string,
): MappedText {
  const mapper = new TextMapper();
  let at = start;
  for (const { 0: all, index } of text.slice(start, end).matchAll(pattern)) {
    mapper.copy(text, at, start + index);
    mapper.add(decode(all), start + index, start + index + all.length);
    at = start + index + all.length;
  }
  mapper.copy(text, at, end);
  return mapper.toText();
}

/** Adds the slot of a value, those of its parts, and what it reads by name. */
export function addValue(draft: Draft, written: Written): void {
  const { path, name, entry, span, mapped } = written;
  const slot: Slot = { path, name, value: mapped.text, span, entry };
  draft.slots.push(slot, ...innerSlots(slot, mapped));
  if (written.expands !== false) addReads(draft, slot, mapped);
}

const windowsVariable = /%([A-Za-z_]\w{1,80})%/g;

function addReads(draft: Draft, slot: Slot, mapped: MappedText): void {
  const add = (name: string, inner: Span): void => {
    const as = slot.name === null ? {} : { as: slot.name };
    draft.uses.push({ name, store: 'env', span: toFileSpan(mapped, inner), slot: slot.path, ...as });
  };
  for (const prefix of ['env:', 'env.']) {
    for (const { name, span } of findExpansions(mapped.text, { bare: false, prefix }))
      if (prefix === 'env:' || mapped.text.startsWith('${env.', span.start)) add(name, span);
  }
  for (const { 0: all, 1: name = '', index } of mapped.text.matchAll(windowsVariable))
    add(name, { start: index, end: index + all.length });
}
