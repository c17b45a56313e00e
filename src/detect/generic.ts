import type { FileFacts } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import type { Rule } from '../model/rule.ts';
import { Secret } from '../model/secret.ts';
import type { Candidate } from './candidates/candidate.ts';
import { isCode } from './candidates/code.ts';
import { slotCandidates } from './candidates/slots.ts';
import { textCandidates } from './candidates/text.ts';
import { demandOf, SHORTEST } from './demand.ts';
import type { Match, TextPlace } from './match.ts';
import { contextOf } from './model/context.ts';
import { thresholds, weigh } from './model/judge.ts';
import { nearMiss } from './near-miss.ts';
import { isExample, isInDocstring, isSealed, placementOf, type Placement } from './placement.ts';
import { isPublished } from './published.ts';
import { isAbout, type CompiledRule, type RuleSet } from './rule-set.ts';
import { whyTyped } from './typed.ts';
import { classify, isOpen, isPasswordLike } from './value.ts';
import { isQualifier, kindOf, readName } from './vocabulary.ts';

/** Extra log-odds that a candidate needs by where it stands. */
const dearer: Readonly<Record<Placement, number>> = {
  config: 0,
  code: 0,
  tests: 1,
  docs: 1.5,
  example: 4,
  vendored: 5,
  machine: Infinity,
  translation: Infinity,
};

/** Finds what no exact format tells: values under telling names, judged by the model and by what must stand there. */
export function genericMatches(
  text: string,
  facts: FileFacts | null,
  rules: RuleSet,
  { path, near }: TextPlace,
): readonly Match[] {
  const isNamed = (name: string): boolean => rules.ofName(name) !== undefined;
  const slots = slotCandidates(text, facts, isNamed);
  const taken = new Set(slots.map(({ span }) => span.start));
  const loose = textCandidates(text, path, near).filter(({ span }) => !taken.has(span.start));
  return [...slots, ...loose].flatMap((candidate) => judge(text, candidate, rules, path) ?? []);
}

function judge(
  text: string,
  candidate: Candidate,
  rules: RuleSet,
  path: string | undefined,
): Match | undefined {
  if (!isOpen(candidate)) return undefined;
  const named = rules.ofName(candidate.name);
  if (named !== undefined && isLabel(named, path)) return undefined;
  return byName(text, candidate, named) ?? byScore(text, candidate, { rules, path, named });
}

/** In a translation a field of any provider holds words, a token only if it has its form. */
function isLabel({ rule }: CompiledRule, path: string | undefined): boolean {
  const loose = rule.value === undefined || rule.value.looks === 'password';
  return loose && path !== undefined && placementOf(path) === 'translation';
}

/** A value under a provider's own name that has the provider's form. */
function byName(text: string, candidate: Candidate, named: CompiledRule | undefined): Match | undefined {
  if (named === undefined || named.rule.broad === true || !fits(candidate.value, named)) return undefined;
  const { rule } = named;
  const reasons = [`named ${candidate.name}`, `has the form of ${rule.title}`];
  const drawn = rule.guessable === true || classify(candidate.value) === 'random';
  if (named.isWeak && !drawn && weigh(text, candidate).score < thresholds.low) return undefined;
  return toMatch(candidate, rule, { confidence: rule.confidence, reasons });
}

function fits(value: string, { rule, value: pattern }: CompiledRule): boolean {
  if (rule.value === undefined) return false;
  const { minLength, maxLength, looks } = rule.value;
  if (value.length < minLength || value.length > maxLength) return false;
  if (pattern !== undefined) return pattern.test(value);
  return looks === 'token' ? classify(value) === 'random' : isPasswordLike(value);
}

interface Judging {
  readonly rules: RuleSet;
  readonly path: string | undefined;
  readonly named: CompiledRule | undefined;
}

function byScore(text: string, candidate: Candidate, { rules, path, named }: Judging): Match | undefined {
  if (isAbout(candidate.name)) return undefined;
  const rule = broadRule(candidate, rules, named);
  if (rule === undefined) return undefined;
  const placement = placementIn(text, candidate, path);
  const price = dearer[placement];
  if (price === Infinity) return undefined;
  const { score, reasons } = weigh(text, candidate);
  const short = score - price;
  const { enough, anyForm } = demandOf(text, candidate, placement, path);
  if (!anyForm && candidate.value.length < SHORTEST) return undefined;
  if (short < Math.min(enough, thresholds.low)) return undefined;
  const misfit = anyForm ? undefined : whyMisfit(text, candidate, rules, named);
  return toMatch(candidate, rule, {
    confidence: short >= enough && misfit === undefined ? 'medium' : 'low',
    reasons: [
      ...(candidate.name === '' ? [] : [`named ${candidate.name}`]),
      ...(misfit === undefined ? [] : [misfit]),
      ...reasons(),
    ],
  });
}

function placementIn(text: string, { span, slot, value }: Candidate, path: string | undefined): Placement {
  if (path === undefined) return 'code';
  if (slot !== null && isSealed(slot)) return 'machine';
  if (slot !== null && isExample(slot)) return 'example';
  if (isCode(path) && isOnLongLine(text, span)) return 'machine';
  if (path.endsWith('.py') && isInDocstring(text, span.start)) return 'example';
  const placement = placementOf(path);
  return placement === 'translation' && isToken(value) ? 'code' : placement;
}

/** No language has such words: Android keeps its keys among its texts. */
function isToken(value: string): boolean {
  return value.length >= 20 && /[0-9]/.test(value) && classify(value) === 'random';
}

/** Nobody writes lines of this length: a bundler did. */
const LONG_LINE = 2000;

function isOnLongLine(text: string, { start, end }: Span): boolean {
  const before = text.slice(Math.max(0, start - LONG_LINE), start);
  const after = text.slice(end, end + LONG_LINE);
  return [before, after].some((side) => side.length === LONG_LINE && !side.includes('\n'));
}

/** A token without its issuer's format was cut, lengthened or made up; so was what nobody draws. */
function whyMisfit(
  text: string,
  candidate: Candidate,
  rules: RuleSet,
  named: CompiledRule | undefined,
): string | undefined {
  const { value } = candidate;
  const missed = nearMiss(value, candidate.name, formatsFor(text, candidate, rules, named));
  if (missed !== undefined) return `just misses the format of ${missed.rule.title}`;
  if (rules.beginsAsToken(value)) return 'begins like a token whose format it has not';
  if (ofOnePayment.test(value)) return 'is good for one payment';
  return isPublished(value) ? 'its vendor publishes it as an example' : whyTyped(value);
}

/** Stripe hands these to browsers. */
const ofOnePayment = /^(?:pi|seti|src|cs)_\w{10,80}_secret_/;

/** Formats of the provider that the name tells; for a name that tells none, of one that the line or the one above does. */
function formatsFor(
  text: string,
  candidate: Candidate,
  rules: RuleSet,
  named: CompiledRule | undefined,
): readonly CompiledRule[] {
  if (named !== undefined && named.rule.broad !== true) return rules.ofProvider(named.rule.provider);
  const { words } = readName(candidate.name);
  if (words.some((word) => kindOf(word) === 'other' && !isQualifier(word))) return [];
  const { previousLine, line } = contextOf(text, candidate);
  const beside = `${previousLine}\n${line}`;
  return rules.anchoredIn(beside).filter(({ near }) => near?.test(beside) === true);
}

function broadRule(candidate: Candidate, rules: RuleSet, named: CompiledRule | undefined): Rule | undefined {
  if (candidate.scheme) return rules.byId('bearer-token');
  if (named !== undefined && named.rule.broad !== true && named.rule.value === undefined) return named.rule;
  return rules.byId(readName(candidate.name).kind === 'password' ? 'generic-password' : 'generic-secret');
}

function toMatch(
  { name, value, span, slot }: Candidate,
  rule: Rule,
  rest: Pick<Match, 'confidence' | 'reasons'>,
): Match {
  return {
    rule,
    kind: 'literal',
    name: name === '' ? null : name,
    value: new Secret(value),
    store: null,
    span,
    slot,
    ...rest,
  };
}
