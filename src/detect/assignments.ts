import type { Span } from '../model/place.ts';

/** One `NAME=value`, `name: "value"` or `<name>value` in text whose format is not known. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
}

const assignment =
  /(?<![\w$.-])["']?(?<name>[A-Za-z][\w.-]{2,60})["']?\s{0,3}(?:=>|[=:>])\s{0,3}["'`]?(?<value>[^\s"'`<>;,]{8,200})/dg;

/** A word that makes a name worth looking at; most texts have none, and are not looked at twice. */
const tellingName = /token|secret|passw|passphrase|credential|key|_pat\b|\bpat\b/i;

/** Finds assignments to names that may speak of a secret. */
export function findAssignments(text: string): readonly Assignment[] {
  if (!tellingName.test(text)) return [];
  const found: Assignment[] = [];
  for (const match of text.matchAll(assignment)) {
    const { name = '', value = '' } = match.groups ?? {};
    const at = match.indices?.groups?.['value'];
    if (at !== undefined && tellingName.test(name) && !isCall(text, at[1])) {
      found.push({ name, value, span: { start: at[0], end: at[1] } });
    }
  }
  return found;
}

/** What is called or indexed is code, not a value. */
function isCall(text: string, end: number): boolean {
  return '([.'.includes(text.charAt(end)) && text.charAt(end) !== '';
}
