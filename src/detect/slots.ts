import type { FileFacts, Slot } from '../model/facts.ts';
import type { Span } from '../model/place.ts';

/** Gives the innermost slot that holds a range. */
export function slotAround(facts: FileFacts | null, { start, end }: Span): Slot | undefined {
  let found: Slot | undefined;
  for (const slot of facts?.slots ?? []) {
    if (slot.span.start > start || slot.span.end < end) continue;
    if (found === undefined || lengthOf(slot) < lengthOf(found)) found = slot;
  }
  return found;
}

function lengthOf({ span }: Slot): number {
  return span.end - span.start;
}
