import type { Call, Command, FileFacts, FormatId, Import, Slot, Use } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import { toLineStarts } from '../lib/text.ts';

/** Facts while they are being collected. */
export interface Draft {
  readonly slots: Slot[];
  readonly uses: Use[];
  readonly imports: Import[];
  readonly calls: Call[];
  readonly commands: Command[];
  readonly listens: Span[];
}

export function emptyDraft(): Draft {
  return { slots: [], uses: [], imports: [], calls: [], commands: [], listens: [] };
}

/** Puts the facts of a file in the order of the text. */
export function toFacts(draft: Draft, format: FormatId, path: string, text: string): FileFacts {
  return {
    path,
    format,
    slots: inOrder(draft.slots),
    uses: inOrder(draft.uses),
    imports: inOrder(draft.imports),
    calls: inOrder(draft.calls),
    commands: inOrder(draft.commands),
    listens: draft.listens.toSorted((a, b) => a.start - b.start),
    lineStarts: toLineStarts(text),
  };
}

function inOrder<T extends { readonly span: Span }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => a.span.start - b.span.start);
}
