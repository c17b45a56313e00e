import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit } from '../../model/place.ts';
import { emptyDraft, toFacts } from '../draft.ts';
import { findExpansions } from '../expansion.ts';
import { lineBreakOf } from '../lines.ts';
import { removalComment } from '../removal.ts';
import type { Document } from '../types.ts';
import { encodeEnvValue } from './encode.ts';
import { lexEnv, type EnvEntry } from './lex.ts';

/** Reads an env file. */
export function parseEnv(text: string, path: string): Document {
  const entries = lexEnv(text);
  const draft = emptyDraft();
  for (const entry of entries) {
    const { name, value, span } = entry;
    draft.slots.push({ path: name, name, value, span, entry: entry.entry });
    if (entry.quote === "'") continue;
    for (const { name: used, span: inner } of findExpansions(text.slice(span.start, span.end), {
      bare: true,
    })) {
      const at = { start: span.start + inner.start, end: span.start + inner.end };
      draft.uses.push({ name: used, store: 'env', span: at, slot: name, as: name });
    }
  }
  const entryOf = (slot: Slot): EnvEntry => {
    const entry = entries.find((one) => one.span.start === slot.span.start && one.name === slot.name);
    if (entry === undefined) throw new AgentIdError('internal', 'this slot is not of this file');
    return entry;
  };
  return {
    facts: toFacts(draft, 'env', path, text),
    setValue: (slot, value, reason) => setValue(entryOf(slot), value, reason),
    removeEntry: (slot, reason) => [
      { span: entryOf(slot).entry, text: removalComment('#', slot.name, reason), reason },
    ],
    insertEntry: (beside, name, value, reason) => {
      const { entry, prefix, quote } = entryOf(beside);
      const line = `${lineBreakOf(text)}${prefix}${name}=${encodeEnvValue(value, quote)}`;
      return { span: { start: entry.end, end: entry.end }, text: line, reason };
    },
  };
}

function setValue(entry: EnvEntry, value: string, reason: string): Edit {
  const { span, quote } = entry;
  if (value === entry.value) return { span: { start: span.end, end: span.end }, text: '', reason };
  const text = encodeEnvValue(value, quote);
  const around = quote === '' ? span : { start: span.start - 1, end: span.end + 1 };
  return { span: around, text, reason };
}
