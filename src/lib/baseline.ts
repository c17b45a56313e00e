import type { Accepted, Baseline } from '../model/baseline.ts';
import { AgentIdError } from '../model/error.ts';
import { readJsonIfThere } from './files.ts';

export const baselineName = '.agent-id-baseline.json';

/** Reads a baseline; an empty one where there is none. Throws `malformed` or `newer-schema`. */
export async function readBaseline(file: string): Promise<Baseline> {
  const data = await readJsonIfThere(file);
  return data === undefined ? { schemaVersion: 1, accepted: {} } : parseBaseline(data, file);
}

function parseBaseline(data: unknown, file: string): Baseline {
  const version = isRecord(data) ? data['schemaVersion'] : undefined;
  if (typeof version === 'number' && version > 1) {
    throw new AgentIdError('newer-schema', 'the baseline is of a newer version', {
      where: file,
      hint: 'Upgrade agent-id.',
    });
  }
  const accepted = isRecord(data) ? data['accepted'] : undefined;
  if (version !== 1 || !isRecord(accepted) || !Object.values(accepted).every(isAccepted)) {
    throw new AgentIdError('malformed', 'the baseline is malformed', {
      where: file,
      hint: 'Restore it from git, or write a new one with --write-baseline.',
    });
  }
  return { schemaVersion: 1, accepted: accepted as Record<string, Accepted> };
}

/** Renders a baseline with sorted keys, so that two branches merge. */
export function renderBaseline(baseline: Baseline): string {
  const accepted = Object.entries(baseline.accepted).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ schemaVersion: 1, accepted: Object.fromEntries(accepted) }, null, 2)}\n`;
}

function isAccepted(value: unknown): boolean {
  return (
    isRecord(value) &&
    ['rule', 'secret', 'path', 'reason'].every((field) => typeof value[field] === 'string') &&
    (value['name'] === null || typeof value['name'] === 'string') &&
    (value['expires'] === undefined || isDay(value['expires']))
  );
}

function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
