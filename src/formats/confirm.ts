import { AgentIdError } from '../model/error.ts';
import type { Slot } from '../model/facts.ts';
import type { Edit, Span } from '../model/place.ts';
import { lineOf } from './lines.ts';
import { sortEdits } from './splice.ts';
import type { Document } from './types.ts';

/**
 * Checks that a re-parsed file differs from the old one exactly where edits were made: every other slot still has
 * its value at its shifted place, and no slot appeared where nothing was written. Throws `malformed`.
 */
export function assertConfirmed(
  before: Document,
  after: Document,
  edits: readonly Edit[],
  afterText: string,
): void {
  const sorted = sortEdits(edits);
  const place = (offset: number): string => `${before.facts.path}:${lineOf(afterText, offset)}`;
  const kept = keptSlots(before, after, sorted, place);
  const stray = ownSlots(after).find((slot) => !kept.has(slot) && !isWritten(around(slot), sorted));
  if (stray !== undefined) {
    throw refuse('an edit would make a value out of what was none', place(stray.span.start));
  }
  const broken = after.broken ?? [];
  if (broken.length > (before.broken?.length ?? 0)) {
    throw refuse('an edit would leave code that does not parse', place(broken[0]?.start ?? 0));
  }
}

/** A part of another slot's value says nothing that this one does not. */
function ownSlots({ facts }: Document): readonly Slot[] {
  return facts.slots.filter((slot) => slot.part !== true);
}

/** Finds each slot that no edit touches at its shifted place. */
function keptSlots(
  before: Document,
  after: Document,
  edits: readonly Edit[],
  place: (offset: number) => string,
): ReadonlySet<Slot> {
  const known = new Map(ownSlots(after).map((slot) => [keyOf(slot, slot.span.start), slot]));
  const wrapped = new Map(
    ownSlots(after).flatMap((slot) =>
      slot.path.includes('(') ? [[wrappedKeyOf(slot, slot.span.start), slot]] : [],
    ),
  );
  const kept = new Set<Slot>();
  for (const slot of ownSlots(before)) {
    const start = shift(slot.span.start, edits);
    const found = known.get(keyOf(slot, start)) ?? wrapped.get(wrappedKeyOf(slot, start));
    if (found?.value === slot.value) kept.add(found);
    else if (!isTouched(around(slot), edits)) {
      throw refuse('an edit would change a value beside it', place(start));
    }
  }
  return kept;
}

function refuse(message: string, where: string): AgentIdError {
  return new AgentIdError('malformed', message, {
    where,
    hint: 'Nothing was written. Change this file by hand.',
  });
}

/**
 * A slot is itself by its place and key path. Indexes move when a neighbour goes; what stands at a position in a list
 * or call is named by its neighbours.
 */
function keyOf(slot: Slot, start: number): string {
  const path = slot.path.replaceAll(/\[\d+\]/g, '[]').replace(/^\[\]\.?/, '');
  return `${start}:${path.replace(/[[(][^[(]*[\])]$/, '')}:${slot.value.length}`;
}

/** An edit may put a call or a command around a value: then only the name next to it stays. */
function wrappedKeyOf({ path, value }: Slot, start: number): string {
  const name = /([^.(]*?)(\[\d+\]|\(\d*\))*\)?$/.exec(path)?.[1] ?? '';
  return `${start}:${name}:${value.length}`;
}

function around({ span, entry }: Slot): Span {
  return { start: Math.min(span.start, entry.start), end: Math.max(span.end, entry.end) };
}

function isTouched(span: Span, edits: readonly Edit[]): boolean {
  return edits.some((edit) => edit.span.start <= span.end && edit.span.end >= span.start);
}

function shift(offset: number, edits: readonly Edit[]): number {
  let moved = offset;
  for (const { span, text } of edits) {
    if (span.end <= offset) moved += text.length - (span.end - span.start);
  }
  return moved;
}

/** Says whether a span of the new text meets a text that an edit wrote, or the seam where one took text away. */
function isWritten(span: Span, edits: readonly Edit[]): boolean {
  let moved = 0;
  for (const edit of edits) {
    const start = edit.span.start + moved;
    const end = start + edit.text.length;
    if (start <= span.end && end >= span.start) return true;
    moved += edit.text.length - (edit.span.end - edit.span.start);
  }
  return false;
}
