import type { Span } from '../../model/place.ts';
import { matchesWithin } from '../within.ts';

/** Words of which one must occur in the name of a secret. */
const anchor =
  /token|secret|passw|passphrase|passcode|pwd|credential|[a-z0-9][_.\- ]?key(?!\w{0,2}(?:board|press|down|up|frame|code|word|error))|authori[sz]ation|auth(?!or)|bearer|ssws|(?<![a-z])(?:pat|jwt|pass|pw|dsn|salt|creds?|cookie|senha)(?![a-z])/gi;

/** Gives the place of each word that may be part of a secret's name; quick where there is none. */
export function anchorsIn(text: string, spans: readonly Span[]): Iterable<RegExpExecArray> {
  return matchesWithin(text, anchor, spans);
}
