import type { FileFacts, Slot } from '../../model/facts.ts';
import { readName } from '../vocabulary.ts';
import type { Candidate, Form } from './candidate.ts';
import { readValue } from './read-value.ts';

/** A scheme with a verb of a format string, or with nothing. */
const schemeAlone = /^[A-Za-z]{3,12} \S{0,2}$/;

/** Makes candidates of the slots whose names may be those of secrets; `isNamed` knows further names. */
export function slotCandidates(
  text: string,
  facts: FileFacts | null,
  isNamed: (name: string) => boolean,
): readonly Candidate[] {
  return (facts?.slots ?? []).flatMap((slot) => {
    const name = slot.name ?? '';
    if (name === '' || slot.value.length < 4 || schemeAlone.test(slot.value)) return [];
    if (readName(name).kind === 'other' && !isNamed(name)) return [];
    return [toCandidate(text, slot, name)];
  });
}

function toCandidate(text: string, slot: Slot, name: string): Candidate {
  const before = text.slice(Math.max(0, slot.span.start - 12), slot.span.start);
  const quoted = /["'`]$/.test(before);
  const separator = /(=>|:=|[=:,(>])\s{0,6}\\{0,3}["'`]?$/.exec(before)?.[1] ?? ' ';
  const inner = readValue(`"${slot.value.replaceAll('"', "'")}"`, 0, { stop: '' });
  const scheme = inner?.scheme === true;
  const skipped = scheme ? inner.span.start - 1 : 0;
  return {
    name,
    value: slot.value.slice(skipped),
    span: { start: slot.span.start + skipped, end: slot.span.end },
    form: formOf(name, scheme),
    slot: slot.path,
    scheme,
    quoted,
    separator,
  };
}

function formOf(name: string, scheme: boolean): Form {
  if (scheme || /^(?:authorization|x-)/i.test(name)) return 'header';
  return name.startsWith('-') ? 'argument' : 'assignment';
}
