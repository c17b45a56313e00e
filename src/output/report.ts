import type { Finding } from '../model/finding.ts';
import type { Skipped } from '../model/place.ts';
import type { Stored } from '../model/stored.ts';
import type { Rule } from '../model/rule.ts';

/** What a scan has found, for every format. */
export interface Report {
  readonly root: string;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  /** What a source host keeps by name, where one was looked at. */
  readonly stored?: readonly Stored[];
  readonly stats: Readonly<Record<string, number>>;
  /** The fingerprint key was the fixed constant: anybody can make the same fingerprints. */
  readonly unkeyed: boolean;
  /** RFC 3339 in UTC, to the second. */
  readonly started: string;
  readonly ended: string;
}

/** A report and what a format may need beside it. */
export interface ReportView {
  readonly report: Report;
  readonly rules: readonly Rule[];
  readonly color: boolean;
  /** Leads from the reader's folder to the root, ending in `/`; empty where they are one. */
  readonly prefix: string;
  /** Says whether a finding makes the run fail. */
  readonly fails: (finding: Finding) => boolean;
  /** Reads who owns which path; owners are looked up only for the formats that show them. */
  readonly readOwners: () => Promise<(path: string) => string | null>;
  /** Reads a part of the HTML page: its style or its script. */
  readonly readPagePart: (name: string) => Promise<string>;
}

/** Renders a report in parts, so that a long one need not be one text. */
export type Render = (view: ReportView) => Iterable<string> | Promise<Iterable<string>>;

/** Findings of one secret. */
export type SecretGroup = readonly [Finding, ...Finding[]];

/** Groups findings by secret, in the order in which each secret appears first; uses by their name. */
export function groupBySecret(findings: readonly Finding[]): readonly SecretGroup[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = finding.kind === 'use' ? `use ${finding.name}` : finding.secret;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

/** Gives the short name under which a secret is spoken of. */
export function shortSecret({ secret }: Finding): string {
  return `secret:${secret.slice(0, 6)}`;
}

/** Counts things in words: `1 place`, `2 places`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

/** Says how much was looked at: files, or what a history held. */
export function countLookedAt({ files = 0, blobs = 0, commits = 0 }: ReportStats): string {
  if (files === 0 && blobs > 0) return `${count(blobs, 'version')} of files in ${count(commits, 'commit')}`;
  return count(files, 'file');
}

type ReportStats = Readonly<Partial<Record<'files' | 'blobs' | 'commits', number>>>;

/** Numbers that every summary gives. Uses and changes of policy are no secrets. */
export interface Totals {
  readonly secrets: number;
  readonly literals: number;
  readonly uses: number;
  readonly policy: number;
  readonly accepted: number;
}

export function totalsOf({ findings }: Report): Totals {
  const open = findings.filter(({ state }) => state === 'new');
  const literals = open.filter(({ kind }) => kind === 'literal');
  return {
    secrets: new Set(literals.map(({ secret }) => secret)).size,
    literals: literals.length,
    uses: open.filter(({ kind }) => kind === 'use').length,
    policy: open.filter(({ kind }) => kind === 'policy').length,
    accepted: findings.length - open.length,
  };
}
