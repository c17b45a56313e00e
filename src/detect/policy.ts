import type { Accepted, Baseline } from '../model/baseline.ts';
import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';
import { groupOf, idOf } from './findings.ts';
import type { Fingerprint } from './fingerprint.ts';

/** The rule of what a range of commits changes in settings, baseline and ignores: nothing that a text is searched for. */
export const policyRule: Rule = {
  id: 'policy-change',
  provider: 'agent-id',
  title: 'Change of what a scan accepts',
  severity: 'medium',
  lifetime: 'unknown',
  confidence: 'high',
  grants: 'Whoever merges it lets the scan pass over what it found before.',
  revoke: 'Look at the change, and take it back unless its reason is good.',
  migration: 'rotate',
  keywords: [],
  samples: { match: [], ignore: [] },
};

/** One change of policy: where it stands now, and what it does. */
export interface PolicyChange {
  /** Relative to the scanned root. */
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

/** Turns changes into findings. The nth equal change has an id of its own. */
export function toPolicyFindings(
  changes: readonly PolicyChange[],
  fingerprint: Fingerprint,
): readonly Finding[] {
  const seen = new Map<string, number>();
  return changes.map(({ path, line, what }) => {
    const finding = toFinding({ path, line, what }, fingerprint('policy', path, what));
    const group = groupOf(finding);
    const n = (seen.get(group) ?? 0) + 1;
    seen.set(group, n);
    return { ...finding, id: idOf(finding, n, fingerprint) };
  });
}

function toFinding({ path, line, what }: PolicyChange, secret: string): Finding {
  return {
    id: '',
    rule: policyRule.id,
    provider: policyRule.provider,
    title: policyRule.title,
    kind: 'policy',
    name: null,
    secret,
    lifetime: 'unknown',
    severity: policyRule.severity,
    confidence: policyRule.confidence,
    reasons: [what],
    location: { path, startLine: line, startColumn: 1, endLine: line + 1, endColumn: 1 },
    live: null,
    state: 'new',
  };
}

/** An entry that is new, or whose reason, path or last day is another. */
export function addedEntries(before: Baseline, after: Baseline): readonly (readonly [string, Accepted])[] {
  return Object.entries(after.accepted).filter(
    ([id, entry]) => canonical(before.accepted[id]) !== canonical(entry),
  );
}

function canonical(entry: Accepted | undefined): string {
  if (entry === undefined) return '';
  const { rule, secret, name, path, reason, expires } = entry;
  return JSON.stringify([rule, secret, name, path, reason, expires ?? null]);
}

/**
 * Lets a comment count only where it, or its like, stood before: of equal findings in one path as many stay ignored
 * as were ignored there. The others are new again, and are given as changes.
 */
export function withEarlierIgnores(
  findings: readonly Finding[],
  before: readonly Finding[],
  earlierPath: (path: string) => string,
): { readonly findings: readonly Finding[]; readonly added: readonly Finding[] } {
  const left = new Map<string, number>();
  for (const finding of before.filter(({ state }) => state === 'ignored')) {
    const key = `${finding.location.path}\0${groupOf(finding)}`;
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const added: Finding[] = [];
  const judged = findings.map((finding) => {
    if (finding.state !== 'ignored') return finding;
    const key = `${earlierPath(finding.location.path)}\0${groupOf(finding)}`;
    const n = left.get(key) ?? 0;
    left.set(key, n - 1);
    if (n > 0) return finding;
    const { reason, ...open } = finding;
    added.push(finding);
    return {
      ...open,
      state: 'new' as const,
      reasons: [...open.reasons, `its comment (${reason ?? ''}) counts once it is merged`],
    };
  });
  return { findings: judged, added };
}
