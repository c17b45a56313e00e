import type { Candidate } from './candidates/candidate.ts';
import { isOfLogin } from './login.ts';
import { thresholds } from './model/judge.ts';
import { isOfServer, type Placement } from './placement.ts';
import { classify } from './value.ts';
import { readName } from './vocabulary.ts';

/** Shorter ones are names of keys on a keyboard, column letters, codes. */
export const SHORTEST = 8;

/** Of fewer letters a word is an abbreviation. */
const SHORTEST_WORD = 6;

/** What words cost a value: beside its user, a password may be made of them. */
const WORDS = 3.5;

/** What two words in one cost it: nobody names a field's rule or label so. */
const COMPOUND = 2.3;

/** How much a candidate's place asks of it: the least log-odds, and whether the form of its value matters. */
export interface Demand {
  readonly enough: number;
  readonly anyForm: boolean;
}

/** Where people write what is used, not what is shown. */
const written: ReadonlySet<Placement> = new Set(['config', 'code', 'tests']);

/** Says what a candidate's place asks of it. */
export function demandOf(
  text: string,
  candidate: Candidate,
  placement: Placement,
  path: string | undefined,
): Demand {
  if (isHanded(candidate, path)) return { enough: thresholds.slot, anyForm: true };
  const must = mustHold(candidate, placement);
  if (written.has(placement) && isOfLogin(text, candidate))
    return { enough: thresholds.slot - (must && isWhole(candidate) ? WORDS : 0), anyForm: true };
  if (!must) return { enough: thresholds.report, anyForm: false };
  const cheaper = isField(candidate) && isWhole(candidate);
  return {
    enough: thresholds.slot - (cheaper ? COMPOUND : 0),
    anyForm: readName(candidate.name).kind === 'password',
  };
}

/** A field that has no other use than to hold a credential: a header with its scheme, a password in configuration. */
function mustHold({ name, scheme, form }: Candidate, placement: Placement): boolean {
  const { kind, antiWords, isOwned } = readName(name);
  if (scheme && kind === 'login') return true;
  if (placement !== 'config') return false;
  return isOwned || (form === 'header' && kind !== 'other' && antiWords === 0);
}

/** What an MCP client hands to a server under a credential's name is one, whatever it looks like. */
function isHanded({ name, slot }: Candidate, path = ''): boolean {
  const { kind, antiWords } = readName(name);
  return slot !== null && kind !== 'other' && antiWords === 0 && isOfServer(slot, path);
}

/** No path, address, phrase or expression. */
function isWhole({ value }: Candidate): boolean {
  const looks = classify(value);
  return value.length >= SHORTEST_WORD && (looks === 'plain' || looks === 'random');
}

/** A password with a sign before it, not the next word of a list. */
function isField({ name, separator }: Candidate): boolean {
  return readName(name).kind === 'password' && separator !== ',';
}

/** Gives the least that any place asks of a candidate. */
export function leastDemand(text: string, candidate: Candidate): number {
  if (isOfLogin(text, candidate)) return thresholds.slot - WORDS;
  return Math.min(thresholds.low, thresholds.slot - (isField(candidate) ? COMPOUND : 0));
}
