import type { Accepted, Baseline } from '../model/baseline.ts';
import type { Finding } from '../model/finding.ts';
import { groupOf, idOf, weakSecret } from './findings.ts';
import type { Fingerprint } from './fingerprint.ts';

/** What applying a baseline must know beside it. Paths are relative to the folder of the baseline. */
export interface BaselineView {
  readonly fingerprint: Fingerprint;
  /** Today, `YYYY-MM-DD`. */
  readonly today: string;
  /** Gives a finding's path as the baseline writes it. */
  readonly pathOf: (finding: Finding) => string;
  /** Says that a path was looked at, or is not there any more. */
  readonly isSettled: (path: string) => boolean;
  /** Says that nothing is at a path any more. */
  readonly isGone: (path: string) => boolean;
}

type Entry = readonly [string, Accepted];

/**
 * Marks accepted findings. Among equal secrets an entry stays with its path; it follows a finding to another path
 * only if its own path holds none any more. A place more than was accepted stays new, and an entry whose last day
 * has passed counts no more.
 */
export function withBaseline(
  findings: readonly Finding[],
  baseline: Baseline,
  view: BaselineView,
): readonly Finding[] {
  const entries = groupEntries(baseline);
  if (entries.size === 0) return findings;
  const settled = new Map<Finding, Finding>();
  const pairs = new Map<Finding, Entry>();
  const groups = groupFindings(findings);
  for (const [group, members] of groups)
    for (const [finding, entry] of pair(members, entries.get(group) ?? [], view)) pairs.set(finding, entry);
  for (const [finding, entry] of followWeak(findings, baseline, { pairs, view })) pairs.set(finding, entry);
  for (const [group, members] of groups) {
    const taken = new Set((entries.get(group) ?? []).map(([id]) => id));
    for (const [before, after] of settleGroup(members, { pairs, taken }, view)) settled.set(before, after);
  }
  return findings.map((finding) => settled.get(finding) ?? finding);
}

interface Paired {
  readonly pairs: ReadonlyMap<Finding, Entry>;
  /** Ids that entries have. */
  readonly taken: ReadonlySet<string>;
}

function settleGroup(
  members: readonly Finding[],
  { pairs, taken }: Paired,
  view: BaselineView,
): ReadonlyMap<Finding, Finding> {
  const settled = new Map<Finding, Finding>();
  let n = 1;
  for (const finding of members) {
    const entry = pairs.get(finding);
    if (entry !== undefined) settled.set(finding, accept(finding, entry, view.today));
    else {
      while (taken.has(idOf(finding, n, view.fingerprint))) n += 1;
      settled.set(finding, { ...finding, id: idOf(finding, n, view.fingerprint) });
      n += 1;
    }
  }
  return settled;
}

/**
 * Pairs what is too weak for a fingerprint of its value, and goes by its path, with entries whose file is gone: it was
 * renamed. Only rule and name can be compared.
 */
function followWeak(
  findings: readonly Finding[],
  { accepted }: Baseline,
  { pairs, view }: { readonly pairs: ReadonlyMap<Finding, Entry>; readonly view: BaselineView },
): ReadonlyMap<Finding, Entry> {
  const used = new Set([...pairs.values()].map(([id]) => id));
  const left = new Map<string, Entry[]>();
  for (const [id, entry] of Object.entries(accepted)) {
    if (used.has(id) || !view.isGone(entry.path) || !isWeak(entry, entry.path, view)) continue;
    left.set(kindOf(entry), [...(left.get(kindOf(entry)) ?? []), [id, entry]]);
  }
  if (left.size === 0) return new Map();
  const found = new Map<Finding, Entry>();
  for (const finding of findings) {
    const entries = pairs.has(finding) ? undefined : left.get(kindOf(finding));
    const [entry] =
      entries !== undefined && isWeak(finding, view.pathOf(finding), view) ? entries.splice(0, 1) : [];
    if (entry !== undefined) found.set(finding, entry);
  }
  return found;
}

function isWeak(
  { rule, name, secret }: Accepted | Finding,
  path: string,
  { fingerprint }: BaselineView,
): boolean {
  return secret === weakSecret({ rule, name, path }, fingerprint);
}

function kindOf({ rule, name }: Accepted | Finding): string {
  return `${rule}\0${name ?? ''}`;
}

/** Pairs findings with entries: first those at the same path, then those that moved. */
function pair(
  members: readonly Finding[],
  entries: readonly Entry[],
  { pathOf, isSettled }: BaselineView,
): ReadonlyMap<Finding, Entry> {
  const left = [...entries];
  const pairs = new Map<Finding, Entry>();
  const take = (finding: Finding, test: (entry: Entry) => boolean): void => {
    const at = left.findIndex(test);
    const [entry] = at === -1 ? [] : left.splice(at, 1);
    if (entry !== undefined) pairs.set(finding, entry);
  };
  for (const finding of members) take(finding, ([, { path }]) => path === pathOf(finding));
  for (const finding of members) if (!pairs.has(finding)) take(finding, ([, { path }]) => isSettled(path));
  return pairs;
}

function accept(finding: Finding, [id, { reason, expires }]: Entry, today: string): Finding {
  if (finding.state === 'ignored') return { ...finding, id };
  const doubt = whyNotAccepted(reason, expires, today);
  if (doubt !== undefined) return { ...finding, id, reasons: [...finding.reasons, doubt] };
  return { ...finding, id, state: 'baseline', reason, ...(expires === undefined ? {} : { expires }) };
}

/** Nothing is accepted for ever, or without a word. */
function whyNotAccepted(reason: string, expires: string | undefined, today: string): string | undefined {
  if (reason.trim() === '') return 'its entry in the baseline gives no reason';
  if (expires === undefined) return 'its entry in the baseline has no last day';
  return expires < today ? `its acceptance ended on ${expires}` : undefined;
}

/**
 * Accepts what is new beside what was accepted. An entry goes only when its path was looked at, or is gone, and
 * holds the secret no more.
 */
export function toBaseline(
  findings: readonly Finding[],
  before: Baseline,
  why: { readonly reason: string; readonly expires?: string },
  view: BaselineView,
): Baseline {
  const kept = Object.entries(before.accepted).filter(([, { path }]) => !view.isSettled(path));
  const found = findings
    .filter((finding) => finding.state !== 'ignored')
    .map((finding): Entry => [finding.id, toEntry(finding, why, view)]);
  return { schemaVersion: 1, accepted: Object.fromEntries([...kept, ...found]) };
}

/** What was accepted keeps its reason and day. */
function toEntry(
  finding: Finding,
  why: { readonly reason: string; readonly expires?: string },
  view: BaselineView,
): Accepted {
  const { reason = '', expires } = finding.state === 'baseline' ? finding : why;
  return {
    rule: finding.rule,
    secret: finding.secret,
    name: finding.name,
    path: view.pathOf(finding),
    reason,
    ...(expires === undefined ? {} : { expires }),
  };
}

function groupEntries({ accepted }: Baseline): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of Object.entries(accepted)) {
    const group = groups.get(groupOf(entry[1]));
    if (group === undefined) groups.set(groupOf(entry[1]), [entry]);
    else group.push(entry);
  }
  return groups;
}

function groupFindings(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const members = groups.get(groupOf(finding));
    if (members === undefined) groups.set(groupOf(finding), [finding]);
    else members.push(finding);
  }
  return groups;
}
