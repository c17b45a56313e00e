import type { FileFacts } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import type { Candidate } from './candidates/candidate.ts';
import { slotCandidates } from './candidates/slots.ts';
import { textCandidates } from './candidates/text.ts';
import { matchFile, type Match } from './match.ts';
import { thresholds, weigh } from './model/judge.ts';
import { placementOf } from './placement.ts';
import { isAbout, type RuleSet } from './rule-set.ts';
import { isOpen } from './value.ts';

/**
 * Says of each value in a part of a text why it is reported, or why not: a sentence each, none of which holds a value.
 * No sentence means that nothing there stands under a telling name or has a known format.
 */
export function whyLine(
  text: string,
  facts: FileFacts | null,
  part: Span,
  { rules, path }: { readonly rules: RuleSet; readonly path: string },
): readonly string[] {
  const matches = matchFile(text, facts, rules, { path }).filter(({ span }) => overlaps(span, part));
  const candidates = [
    ...slotCandidates(text, facts, (name) => rules.ofName(name) !== undefined),
    ...textCandidates(text, path),
  ].filter(({ span }) => overlaps(span, part) && !matches.some((match) => overlaps(match.span, span)));
  const first = candidates.filter(
    ({ span }, at) => candidates.findIndex((one) => overlaps(one.span, span)) === at,
  );
  return [...matches.map(whySo), ...first.map((candidate) => whyNot(text, candidate, path))];
}

function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

function whySo({ rule, kind, confidence, reasons, ignored }: Match): string {
  const what =
    kind === 'use' ? 'a use' : confidence === 'low' ? 'found, but not shown by default' : 'reported';
  const comment = ignored === undefined ? '' : `; ignored by a comment: ${ignored}`;
  return `${rule.title} (${rule.id}): ${what}, confidence ${confidence}: ${reasons.join('; ')}${comment}`;
}

function whyNot(text: string, candidate: Candidate, path: string): string {
  return `the value of ${candidate.name}: not reported: ${reasonAgainst(text, candidate, path)}`;
}

function reasonAgainst(text: string, candidate: Candidate, path: string): string {
  if (!isOpen(candidate)) return 'it is a reference, a stand-in, a digest or too short';
  if (isAbout(candidate.name)) return 'its name is that of an id, a place or a setting';
  const { score } = weigh(text, candidate);
  const kind = placementOf(path);
  return `its score is ${score.toFixed(1)}, of the ${thresholds.report} that a value needs (a file of kind ${kind} may ask for more)`;
}
