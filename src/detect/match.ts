import type { FileFacts, Store } from '../model/facts.ts';
import type { Confidence, Lifetime, Part } from '../model/finding.ts';
import type { Span } from '../model/place.ts';
import type { Rule } from '../model/rule.ts';
import { Secret } from '../model/secret.ts';
import { textCandidates } from './candidates/text.ts';
import { checkValue, type CheckResult } from './checks.ts';
import { foreignMatches } from './foreign/match.ts';
import { genericMatches } from './generic.ts';
import { withIgnored } from './ignores.ts';
import { layerMatches, withLayers } from './layers.ts';
import { thresholds, weigh } from './model/judge.ts';
import { withoutOverlaps } from './overlaps.ts';
import { withParts } from './parts.ts';
import { isExample, placementOf } from './placement.ts';
import { isPublished } from './published.ts';
import type { CompiledRule, RuleSet } from './rule-set.ts';
import { slotAround } from './slots.ts';
import { whyDull } from './typed.ts';
import { useMatches } from './uses.ts';
import { classify, isPlaceholder, isStandIn } from './value.ts';
import { matchesWithin, wholeOf } from './within.ts';

/** What was seen, in memory only: it holds the value. */
export interface Match {
  readonly rule: Rule;
  readonly kind: 'literal' | 'use';
  readonly span: Span;
  readonly name: string | null;
  readonly slot: string | null;
  /** For a literal. */
  readonly value: Secret | null;
  /** For a use. */
  readonly store: Store | null;
  readonly confidence: Confidence;
  readonly reasons: readonly string[];
  /** Where the value itself says how long it is good. */
  readonly lifetime?: Lifetime;
  /** Seconds since 1970, where the value itself says when it ends. */
  readonly endsAt?: number;
  /** What stands near by and belongs to it. */
  readonly parts?: readonly Part[];
  /** The reason of an inline `agent-id:ignore`. */
  readonly ignored?: string;
}

/** What is known of a text beside its characters. */
export interface TextPlace {
  /** Relative, with `/`: the kind of file says which fields must hold a credential. */
  readonly path?: string;
  /** The rules whose pattern matches the text, where that is known already. */
  readonly patterns?: readonly CompiledRule[];
  /** Where something begins that may be found; nothing is elsewhere. Rising, without overlaps. */
  readonly near?: readonly Span[];
  /** Looks only for formats with a text of their own: what merely looks drawn is none here. */
  readonly exact?: boolean;
  /** Tells the same of a decoded text; undefined for one that holds nothing. */
  readonly glance?: (text: string) => Pick<TextPlace, 'patterns' | 'near'> | undefined;
}

/** Looks at one file: slots first, then raw text, then uses by name. Facts are null for a file that was not parsed. */
export function matchFile(
  text: string,
  facts: FileFacts | null,
  rules: RuleSet,
  place: TextPlace = {},
): readonly Match[] {
  const { path, patterns, near, exact = false, glance = () => ({}) } = place;
  const filed = path === undefined ? [] : rules.ofPath(path);
  const named = path === undefined ? {} : { path };
  const tried = patterns ?? rules.anchoredIn(text);
  const literals = [
    ...textMatches(text, facts, exact ? tried.filter(isExact) : tried, near),
    ...textMatches(text, facts, filed),
    ...(exact ? [] : genericMatches(text, facts, rules, place)),
    ...foreignMatches(text, path ?? '', rules.foreign),
  ];
  const layered = layerMatches(text, facts, path, (inner) => {
    const found = glance(inner);
    return found === undefined
      ? []
      : withoutOverlaps(innerMatches(inner, rules, { ...found, ...named, exact }));
  });
  const seen = withParts(text, withLayers(withoutOverlaps(literals), layered));
  const described = path !== undefined && placementOf(path) === 'example';
  const matches = [...(described ? seen.map(asExample) : seen), ...useMatches(facts, rules)];
  return withIgnored(
    text,
    matches.sort((a, b) => a.span.start - b.span.start),
  );
}

/** What the description of an interface shows is an example, also where its key is too far away to be read. */
function asExample(match: Match): Match {
  return { ...match, confidence: 'low', reasons: [...match.reasons, 'describes an interface'] };
}

/** What a fingerprint looks like. */
const anyDigest = '0123456789abcdef'.repeat(2);

/** A format for which no fingerprint passes. */
function isExact({ rule, isWeak, value }: CompiledRule): boolean {
  if (rule.broad === true) return false;
  return !isWeak || value?.test(anyDigest) === false;
}

function innerMatches(inner: string, rules: RuleSet, place: TextPlace): readonly Match[] {
  const tried = place.patterns ?? rules.anchoredIn(inner);
  if (place.exact === true) return textMatches(inner, null, tried.filter(isExact), place.near);
  return [...textMatches(inner, null, tried, place.near), ...genericMatches(inner, null, rules, place)];
}

function textMatches(
  text: string,
  facts: FileFacts | null,
  patterns: readonly CompiledRule[],
  near: readonly Span[] = wholeOf(text),
): readonly Match[] {
  return patterns.flatMap((compiled) => patternMatches(text, facts, compiled, near));
}

function patternMatches(
  text: string,
  facts: FileFacts | null,
  compiled: CompiledRule,
  near: readonly Span[],
): Match[] {
  const spans = [...matchesWithin(text, compiled.pattern ?? /$^/g, near)].map(valueSpan);
  return spans.flatMap(({ start, end }) => {
    if (!isPlausible(text, { start, end }, compiled) || !isNear(text, { start, end }, compiled)) return [];
    return [textMatch(text, { start, end }, facts, compiled.rule)];
  });
}

function valueSpan({ index, indices }: RegExpExecArray): Span {
  const [start, end] = indices?.groups?.['secret'] ?? indices?.[0] ?? [index, index];
  return { start, end };
}

function textMatch(text: string, span: Span, facts: FileFacts | null, rule: Rule): Match {
  const slot = slotAround(facts, span);
  const value = text.slice(span.start, span.end);
  const check = rule.check === undefined ? undefined : checkValue(rule.check, value);
  const doubt = rule.files === undefined ? whyDoubted(value) : undefined;
  return {
    rule,
    kind: 'literal',
    span,
    name: slot?.name ?? nameBefore(text, span.start),
    slot: slot?.path ?? null,
    value: new Secret(value),
    store: null,
    confidence: doubt === undefined ? confidenceOf(rule, check, slot?.path) : 'low',
    reasons: [...reasonsOf(rule), ...[check?.reason, doubt].filter((reason) => reason !== undefined)],
    ...endOf(check),
  };
}

function whyDoubted(value: string): string | undefined {
  return isPublished(value) ? 'its vendor publishes it as an example' : whyDull(value);
}

/** What the value itself says of its lifetime. */
function endOf(check: CheckResult | undefined): Pick<Match, 'lifetime' | 'endsAt'> {
  return {
    ...(check?.lifetime === undefined ? {} : { lifetime: check.lifetime }),
    ...(check?.endsAt === undefined ? {} : { endsAt: check.endsAt }),
  };
}

function confidenceOf(rule: Rule, check: CheckResult | undefined, slot: string | undefined): Confidence {
  if (slot !== undefined && isExample(slot)) return 'low';
  return check?.verdict === 'fails' && rule.confidence === 'high' ? 'medium' : rule.confidence;
}

function reasonsOf({ files, near, title }: Rule): readonly string[] {
  if (files !== undefined) return ['stands where this kind of file holds a secret'];
  const format = `has the format of ${title}`;
  return near === undefined ? [format] : [format, 'what belongs to it stands near by'];
}

/** Longest part of a value that is looked at for a stand-in. */
const MOST_JUDGED = 700;

/**
 * A file of credentials may hold a weak one; an exact format may look like anything but a stand-in; a format without a
 * text of its own must look drawn to the model; a broad one must look random.
 */
function isPlausible(text: string, { start, end }: Span, { rule, isWeak }: CompiledRule): boolean {
  const value = text.slice(start, Math.min(end, start + MOST_JUDGED));
  if (rule.broad === true) return classify(value) === 'random';
  if (isPlaceholder(value)) return false;
  if (rule.files !== undefined && isStandIn(value)) return false;
  if (rule.files !== undefined || rule.guessable === true || !isWeak) return true;
  const near = text.slice(Math.max(0, start - 200), end + 80);
  const candidate = textCandidates(near, undefined).find((one) => one.value === value);
  return candidate === undefined || weigh(near, candidate).score >= thresholds.low;
}

/** Characters at most on each side of a value in which its second part is looked for. */
const MOST_NEAR = 2000;

/** Looks for the second part within the lines around, not inside the secret itself. */
function isNear(text: string, span: Span, { rule, near }: CompiledRule): boolean {
  if (near === undefined) return true;
  const lines = (rule.near?.lines ?? 0) + 1;
  const before = text.slice(Math.max(0, span.start - MOST_NEAR), span.start);
  const after = text.slice(span.end, span.end + MOST_NEAR);
  return (
    near.test(before.slice(startOfLines(before, lines))) ||
    near.test(after.slice(0, endOfLines(after, lines)))
  );
}

function startOfLines(text: string, lines: number): number {
  let start = text.length;
  for (let n = 0; n < lines && start > 0; n += 1) start = text.lastIndexOf('\n', start - 1);
  return Math.max(0, start);
}

function endOfLines(text: string, lines: number): number {
  let end = -1;
  for (let n = 0; n < lines; n += 1) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) return text.length;
  }
  return end;
}

function nameBefore(text: string, start: number): string | null {
  const before = text.slice(Math.max(0, start - 120), start);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return (
    /([A-Za-z][\w.-]{1,60})["']?\s{0,3}(?::-|[:=]|=>|>|\s)\s{0,3}["'`]?(?:SSWS |Bearer |Basic )?$/i.exec(
      line,
    )?.[1] ?? null
  );
}
