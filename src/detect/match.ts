import type { FileFacts, Slot, Store, Use } from '../model/facts.ts';
import type { Confidence } from '../model/finding.ts';
import type { Span } from '../model/place.ts';
import type { Rule } from '../model/rule.ts';
import { Secret } from '../model/secret.ts';
import type { CompiledRule, RuleSet } from './rule-set.ts';
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

/** Looks at one file: slots first, then raw text, then uses by name. Facts are null for a file that was not parsed. */
export function matchFile(text: string, facts: FileFacts | null, rules: RuleSet): readonly Match[] {
  const literals = [...slotMatches(facts, rules), ...textMatches(text, facts, rules)];
  if (facts === null) literals.push(...assignmentMatches(text, rules));
  return [...withoutOverlaps(literals), ...useMatches(facts, rules)].sort(
    (a, b) => a.span.start - b.span.start,
  );
}

function slotMatches(facts: FileFacts | null, rules: RuleSet): Match[] {
  return (facts?.slots ?? []).flatMap((slot) => {
    const rule = slot.name === null ? undefined : rules.ofName(slot.name);
    const judged = rule === undefined ? undefined : judge(slot.value, slot.name ?? '', rule, rules);
    return judged === undefined ? [] : [{ ...judged, span: slot.span, slot: slot.path }];
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

function textMatches(text: string, facts: FileFacts | null, rules: RuleSet): Match[] {
  const lower = text.toLowerCase();
  return rules.compiled
    .filter(
      ({ rule, pattern }) =>
        pattern !== undefined &&
        (rule.keywords.length === 0 || rule.keywords.some((word) => lower.includes(word))),
    )
    .flatMap((compiled) => patternMatches(text, facts, compiled));
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
  const slot = smallestSlot(facts, span.start, span.end);
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
    if (start <= 0) break;
  }
  return near.test(text.slice(Math.max(0, start, at - 2000), Math.min(end, at + 2000)));
}

/** Files that no format reads: `NAME=value`, `name: "value"`, `<name>value`. */
function assignmentMatches(text: string, rules: RuleSet): Match[] {
  const found: Match[] = [];
  const assignment =
    /(?<![\w$.-])["']?([A-Za-z][\w.-]{2,60})["']?\s{0,3}(?:=|:|=>|>)\s{0,3}["']?([^\s"'<>;,]{8,200})/dg;
  for (const match of text.matchAll(assignment)) {
    const [name = '', value = ''] = match.slice(1);
    const rule = rules.ofName(name);
    const judged = rule === undefined ? undefined : judge(value, name, rule, rules);
    const at = match.indices?.[2];
    if (judged !== undefined && judged.confidence !== 'low' && at !== undefined) {
      found.push({ ...judged, span: { start: at[0], end: at[1] }, slot: null });
    }
  }
  return found;
}

function useMatches(facts: FileFacts | null, rules: RuleSet): Match[] {
  const seen = new Set<string>();
  return (facts?.uses ?? []).flatMap((use) => {
    const rule = ruleOfUse(use, rules);
    const key = `${use.span.start}:${use.span.end}:${use.name}`;
    if (rule === undefined || seen.has(key)) return [];
    seen.add(key);
    const reasons = [`reads ${use.name} from ${use.store}`];
    return [
      {
        rule,
        kind: 'use' as const,
        span: use.span,
        name: use.name,
        slot: use.slot ?? null,
        value: null,
        store: use.store,
        confidence: rule.confidence,
        reasons,
      },
    ];
  });
}

/** A provider's rule by either name, else a broad one: `OKTA_TOKEN: ${{ secrets.ORG_TOKEN }}` is Okta's. */
function ruleOfUse(use: Use, rules: RuleSet): Rule | undefined {
  if (isAutomatic(use)) return rules.byId('github-automatic-token');
  const own = rules.ofName(use.name)?.rule;
  const handed = use.as === undefined ? undefined : rules.ofName(use.as)?.rule;
  return handed !== undefined && handed.broad !== true && (own === undefined || own.broad === true)
    ? handed
    : own;
}

/** The CI system makes this one anew for each job. */
function isAutomatic({ name, store }: Use): boolean {
  if (store === 'github-secret') return name.toUpperCase() === 'GITHUB_TOKEN';
  return (
    name === 'ACTIONS_RUNTIME_TOKEN' || name === 'ACTIONS_ID_TOKEN_REQUEST_TOKEN' || name === 'CI_JOB_TOKEN'
  );
}

function smallestSlot(facts: FileFacts | null, start: number, end: number): Slot | undefined {
  return facts?.slots
    .filter((slot) => slot.span.start <= start && end <= slot.span.end)
    .sort((a, b) => a.span.end - a.span.start - (b.span.end - b.span.start))[0];
}

function nameBefore(text: string, start: number): string | null {
  const line = text.slice(Math.max(text.lastIndexOf('\n', start - 1) + 1, start - 120), start);
  return (
    /([A-Za-z][\w.-]{1,60})["']?\s{0,3}(?::-|[:=]|=>|>|\s)\s{0,3}["'`]?(?:SSWS |Bearer |Basic )?$/i.exec(
      line,
    )?.[1] ?? null
  );
}

/** Of matches over the same text the more certain stays: a provider's before the generic one, then the longer. */
function withoutOverlaps(matches: readonly Match[]): readonly Match[] {
  const kept: Match[] = [];
  const rank = (match: Match): number => (match.rule.broad === true ? 0 : 2) + (match.slot === null ? 0 : 1);
  const length = ({ span }: Match): number => span.end - span.start;
  for (const match of matches.toSorted((a, b) => rank(b) - rank(a) || length(b) - length(a))) {
    if (kept.every((other) => match.span.end <= other.span.start || other.span.end <= match.span.start))
      kept.push(match);
  }
  return kept;
}
