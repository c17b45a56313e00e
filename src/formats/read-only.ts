import { AgentIdError } from '../model/error.ts';
import type { FormatId, Slot } from '../model/facts.ts';
import { toFacts, type Draft } from './draft.ts';
import { lineOf } from './lines.ts';
import type { Document } from './types.ts';

/** Makes the document of a format that only reads. */
export function toReadOnly(draft: Draft, format: FormatId, path: string, text: string): Document {
  const refuse = ({ span }: Slot): never => {
    throw new AgentIdError('unsupported', 'files of this kind are read, not changed', {
      where: `${path}:${lineOf(text, span.start)}`,
      hint: 'Change it by hand.',
    });
  };
  return {
    facts: toFacts(draft, format, path, text),
    readOnly: true,
    setValue: refuse,
    removeEntry: refuse,
    insertEntry: refuse,
  };
}
