import type { FileFacts, Store } from '../model/facts.ts';
import type { Confidence } from '../model/finding.ts';
import type { Span } from '../model/place.ts';
import type { Rule } from '../model/rule.ts';
import { Secret } from '../model/secret.ts';
import { findAssignments } from './assignments.ts';
import { withIgnored } from './ignores.ts';
import { layerMatches, withLayers } from './layers.ts';
import { withoutOverlaps } from './overlaps.ts';
import type { CompiledRule, RuleSet } from './rule-set.ts';
import { slotAround } from './slots.ts';
import { useMatches } from './uses.ts';
import { classify, isPasswordLike, isStandIn } from './value.ts';

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
  /** The reason of an inline `agent-id:ignore`. */
  readonly ignored?: string;
}

/** What is known of a text beside its characters. */
export interface TextPlace {
  /** Relative, with `/`: the kind of file says which fields must hold a credential. */
  readonly path?: string;
  /** The rules whose pattern matches the text, where that is known already. */
  readonly patterns?: readonly CompiledRule[];
}

/** Looks at one file: slots first, then raw text, then uses by name. Facts are null for a file that was not parsed. */
export function matchFile(
  text: string,
  facts: FileFacts | null,
  rules: RuleSet,
  { patterns }: TextPlace = {},
): readonly Match[] {
  const literals = [
    ...slotMatches(facts, rules),
    ...textMatches(text, facts, patterns ?? rules.anchoredIn(text)),
  ];
  if (facts === null) literals.push(...assignmentMatches(text, rules));
  const layered = layerMatches(text, facts, (inner) =>
    withoutOverlaps([
      ...textMatches(inner, null, rules.anchoredIn(inner)),
      ...assignmentMatches(inner, rules),
    ]),
  );
  const matches = [...withLayers(withoutOverlaps(literals), layered), ...useMatches(facts, rules)];
  return withIgnored(
    text,
    matches.sort((a, b) => a.span.start - b.span.start),
  );
}

function slotMatches(facts: FileFacts | null, rules: RuleSet): Match[] {
  return (facts?.slots ?? []).flatMap((slot) => {
    const rule = slot.name === null ? undefined : rules.ofName(slot.name);
    const judged = rule === undefined ? undefined : judge(slot.value, slot.name ?? '', rule, rules);
    if (judged === undefined) return [];
    const decoded = slot.encoding === undefined ? [] : [`decoded from ${slot.encoding}`];
    return [{ ...judged, reasons: [...judged.reasons, ...decoded], span: slot.span, slot: slot.path }];
  });
}

type Judged = Omit<Match, 'span' | 'slot'>;

/** Judges a value under a name that speaks of a secret. */
function judge(value: string, name: string, compiled: CompiledRule, rules: RuleSet): Judged | undefined {
  const { rule } = compiled;
  const base = { kind: 'literal' as const, name, value: new Secret(value), store: null };
  const looks = classify(value);
  if (looks === 'empty' || looks === 'reference' || looks === 'placeholder' || looks === 'words')
    return undefined;
  if (rule.value !== undefined && fits(value, compiled)) {
    const confidence = looks === 'random' || rule.value.pattern !== undefined ? rule.confidence : 'low';
    return { ...base, rule, confidence, reasons: [`named ${name}`, `may be: ${rule.title}`] };
  }
  const broad = rules.byId('generic-secret');
  if (broad === undefined || looks !== 'random') return undefined;
  return {
    ...base,
    rule: rule.value === undefined ? rule : broad,
    confidence: 'medium',
    reasons: [`named ${name}`, 'a value that looks random'],
  };
}

function fits(value: string, { rule, value: pattern }: CompiledRule): boolean {
  const { minLength = 1, maxLength = Infinity, looks = 'token' } = rule.value ?? {};
  if (value.length < minLength || value.length > maxLength) return false;
  if (pattern !== undefined) return pattern.test(value);
  return looks === 'token' ? classify(value) === 'random' : isPasswordLike(value);
}

function textMatches(text: string, facts: FileFacts | null, patterns: readonly CompiledRule[]): Match[] {
  return patterns.flatMap((compiled) => patternMatches(text, facts, compiled));
}

function patternMatches(text: string, facts: FileFacts | null, compiled: CompiledRule): Match[] {
  const spans = [...text.matchAll(compiled.pattern ?? /$^/g)].map(valueSpan);
  return spans.flatMap(({ start, end }) => {
    if (
      !isPlausible(text.slice(start, Math.min(end, start + 700)), compiled.rule) ||
      !isNear(text, start, compiled)
    )
      return [];
    return [textMatch(text, { start, end }, facts, compiled.rule)];
  });
}

function valueSpan({ index, indices }: RegExpExecArray): Span {
  const [start, end] = indices?.groups?.['secret'] ?? indices?.[0] ?? [index, index];
  return { start, end };
}

function textMatch(text: string, span: Span, facts: FileFacts | null, rule: Rule): Match {
  const slot = slotAround(facts, span);
  return {
    rule,
    kind: 'literal',
    span,
    name: slot?.name ?? nameBefore(text, span.start),
    slot: slot?.path ?? null,
    value: new Secret(text.slice(span.start, span.end)),
    store: null,
    confidence: rule.confidence,
    reasons: [`has the format of ${rule.title}`],
  };
}

/** An exact format may look like anything but a stand-in; a broad one must look random. */
function isPlausible(value: string, rule: Rule): boolean {
  return rule.broad === true ? classify(value) === 'random' : !isStandIn(value);
}

/** Looks for the second part within the lines around. */
function isNear(text: string, at: number, { rule, near }: CompiledRule): boolean {
  if (near === undefined) return true;
  let start = at;
  let end = at;
  for (let n = 0; n <= (rule.near?.lines ?? 0); n += 1) {
    start = text.lastIndexOf('\n', start - 1);
    const next = text.indexOf('\n', end + 1);
    end = next === -1 ? text.length : next;
  }
  return near.test(text.slice(Math.max(0, start, at - 2000), Math.min(end, at + 2000)));
}

/** For files that no format reads. */
function assignmentMatches(text: string, rules: RuleSet): Match[] {
  return findAssignments(text).flatMap(({ name, value, span }) => {
    const rule = rules.ofName(name);
    const judged = rule === undefined ? undefined : judge(value, name, rule, rules);
    return judged === undefined || judged.confidence === 'low' ? [] : [{ ...judged, span, slot: null }];
  });
}

function nameBefore(text: string, start: number): string | null {
  const line = text.slice(Math.max(text.lastIndexOf('\n', start - 1) + 1, start - 120), start);
  return (
    /([A-Za-z][\w.-]{1,60})["']?\s{0,3}(?::-|[:=]|=>|>|\s)\s{0,3}["'`]?(?:SSWS |Bearer |Basic )?$/i.exec(
      line,
    )?.[1] ?? null
  );
}
