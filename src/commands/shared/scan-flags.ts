import { WHOLE_BYTES } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Confidence, Finding, Severity } from '../../model/finding.ts';
import type { ScanFormat } from '../../output/scan-formats.ts';
import { nearest } from './suggest.ts';
import type { Eyes, GlobalOptions } from './survey.ts';

/** What the command line of `scan` said. */
export interface ScanFlags extends GlobalOptions {
  readonly staged?: boolean;
  readonly since?: string;
  readonly history?: boolean;
  readonly machine?: boolean;
  readonly list?: boolean;
  readonly github?: string;
  readonly live?: boolean;
  readonly liveHost?: readonly string[];
  readonly stdin?: boolean;
  readonly stdinName?: string;
  readonly format: ScanFormat;
  readonly output?: readonly string[];
  readonly failOn: 'literal' | 'any' | 'never';
  readonly minConfidence: Confidence;
  readonly severity: Severity;
  readonly rule?: readonly string[];
  readonly skipRule?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly baseline?: string | boolean;
  readonly writeBaseline?: boolean;
  readonly reason?: string;
  readonly expires?: string;
  readonly maxFileSize?: string;
  readonly threads?: string;
  readonly cache?: boolean;
  readonly failOnSkipped?: boolean;
  readonly exitZero?: boolean;
  readonly stats?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What `scan` does when nothing is said. */
export const scanDefaults = {
  format: 'text',
  failOn: 'literal',
  minConfidence: 'medium',
  severity: 'info',
} as const;

const confidences: readonly Confidence[] = ['low', 'medium', 'high'];
const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

/** Refuses ids of rules that do not exist. Throws `unknown-name` with the one that was probably meant. */
export function assertRules({ rule = [], skipRule = [] }: ScanFlags, { ruleList }: Eyes): void {
  const ids = ruleList.map(({ id }) => id);
  const unknown = [...rule, ...skipRule].find((id) => !ids.includes(id));
  if (unknown === undefined) return;
  const meant = nearest(unknown, ids);
  throw new AgentIdError('unknown-name', 'there is no such rule', {
    where: unknown,
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}agent-id explain RULE describes one; rules/secrets holds all.`,
  });
}

/** Gives the largest size of a file in bytes, `otherwise` where nothing is said. Throws `usage`. */
export function toMaxBytes({ maxFileSize }: ScanFlags, otherwise = WHOLE_BYTES): number {
  if (maxFileSize === undefined) return otherwise;
  const [, digits = '', unit = ''] = /^(\d{1,12})\s?([kKmMgG]?)[bB]?$/.exec(maxFileSize) ?? [];
  const bytes = Number(digits) * ({ k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()] ?? 1);
  if (digits === '' || bytes < 1)
    throw new AgentIdError('usage', '--max-file-size takes a size such as 500kB or 10MB', {
      where: maxFileSize,
    });
  return bytes;
}

/** Gives how many threads were asked for. Throws `usage`. */
export function toThreads({ threads }: ScanFlags): number | undefined {
  if (threads === undefined || /^[1-9]\d?$/.test(threads))
    return threads === undefined ? undefined : Number(threads);
  throw new AgentIdError('usage', '--threads takes a number from 1 to 99', { where: threads });
}

/** Says whether a finding is of the rules, certainty and severity that were asked for. */
export function isWanted({ rule, confidence, severity }: Finding, flags: ScanFlags): boolean {
  if (flags.rule !== undefined && !flags.rule.includes(rule)) return false;
  if (flags.skipRule?.includes(rule) === true) return false;
  return (
    confidences.indexOf(confidence) >= confidences.indexOf(flags.minConfidence) &&
    severities.indexOf(severity) >= severities.indexOf(flags.severity)
  );
}

/** Says whether a finding makes the scan fail. */
export function isFailure({ state, kind, lifetime }: Finding, { failOn }: ScanFlags): boolean {
  if (state !== 'new' || failOn === 'never') return false;
  return kind === 'literal' || (failOn === 'any' && lifetime !== 'short-lived');
}

/** One run looks at one kind of thing. Throws `usage`. */
export function assertOneSource(paths: readonly string[], flags: ScanFlags): void {
  const asked = (['staged', 'since', 'history', 'stdin', 'machine', 'github'] as const).filter(
    (name) => flags[name] !== undefined && flags[name] !== false,
  );
  if (asked.length > 1)
    throw new AgentIdError('usage', 'a scan looks at one thing at a time', {
      where: asked.map((name) => `--${name}`).join(' '),
    });
  if (flags.machine === true && paths.length > 0)
    throw new AgentIdError('usage', '--machine takes no path: it reads only what its tables name', {
      where: paths.join(' '),
      hint: 'agent-id scan --machine --list shows them.',
    });
  if (flags.github !== undefined && paths.length > 0)
    throw new AgentIdError('usage', '--github takes no path', {
      where: paths.join(' '),
      hint: '--include GLOB narrows it: globs are over OWNER/REPO/path.',
    });
  if (flags.list === true && flags.machine !== true)
    throw new AgentIdError('usage', '--list goes with --machine');
}
