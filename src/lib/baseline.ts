import { AgentIdError } from '../model/error.ts';
import type { Finding } from '../model/finding.ts';
import { readJsonIfThere } from './files.ts';

export const baselineName = '.agent-id-baseline.json';

/** Accepted findings: by id, with the path where each was accepted, the reason and the last day it counts. */
export interface Baseline {
  readonly schemaVersion: 1;
  readonly accepted: Readonly<Record<string, Accepted>>;
}

export interface Accepted {
  readonly rule: string;
  readonly path: string;
  readonly reason: string;
  readonly expires?: string;
}

/** Reads a baseline; an empty one where there is none. Throws `malformed` or `newer-schema`. */
export async function readBaseline(file: string): Promise<Baseline> {
  const data = (await readJsonIfThere(file)) as Partial<Baseline> | undefined;
  if (data === undefined) return { schemaVersion: 1, accepted: {} };
  const version: unknown = data.schemaVersion;
  if (typeof version === 'number' && version > 1) {
    throw new AgentIdError('newer-schema', 'the baseline is of a newer version', {
      where: file,
      hint: 'Upgrade agent-id.',
    });
  }
  if (version !== 1 || typeof data.accepted !== 'object') {
    throw new AgentIdError('malformed', 'the baseline is malformed', {
      where: file,
      hint: 'Restore it from git, or write a new one with --write-baseline.',
    });
  }
  return { schemaVersion: 1, accepted: data.accepted };
}

/**
 * Marks accepted findings. An id counts ordinals of equal secrets, so one more place than was accepted has an id
 * of its own and stays new; an entry whose day has passed counts no more.
 */
export function withBaseline(
  findings: readonly Finding[],
  baseline: Baseline,
  today: string,
): readonly Finding[] {
  return findings.map((finding) => {
    const entry = Object.hasOwn(baseline.accepted, finding.id) ? baseline.accepted[finding.id] : undefined;
    if (entry === undefined || finding.state !== 'new') return finding;
    const { reason, expires } = entry;
    if (expires !== undefined && expires < today)
      return { ...finding, reasons: [...finding.reasons, `its acceptance ended on ${expires}`] };
    return { ...finding, state: 'baseline', reason, ...(expires === undefined ? {} : { expires }) };
  });
}

/** Accepts what is new beside what was accepted; entries without a finding go. */
export function toBaseline(
  findings: readonly Finding[],
  before: Baseline,
  { reason, expires }: { readonly reason: string; readonly expires?: string },
): Baseline {
  const entries = findings
    .filter((finding) => finding.kind === 'literal' && finding.state !== 'ignored')
    .map((finding): readonly [string, Accepted] => {
      const fresh = {
        rule: finding.rule,
        path: finding.location.path,
        reason,
        ...(expires === undefined ? {} : { expires }),
      };
      return [
        finding.id,
        (Object.hasOwn(before.accepted, finding.id) && finding.state === 'baseline'
          ? before.accepted[finding.id]
          : undefined) ?? fresh,
      ];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { schemaVersion: 1, accepted: Object.fromEntries(entries) };
}
