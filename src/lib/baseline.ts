import { lstat } from 'node:fs/promises';
import type { Accepted, Baseline } from '../model/baseline.ts';
import { AgentIdError } from '../model/error.ts';
import { readTextIfThere } from './files.ts';
import { realPath } from './walk.ts';

export const baselineName = '.agent-id-baseline.json';

/** Some 300,000 entries. */
const MOST_BYTES = 50_000_000;

/**
 * Reads a baseline; an empty one where there is none. A link is followed only by a person who names the file, and
 * nothing but a file of a bounded size is read. Throws `unreadable`, `malformed` or `newer-schema`.
 */
export async function readBaseline(file: string, isNamed = false): Promise<Baseline> {
  const path = isNamed ? await realPath(file) : file;
  const size = await sizeOf(path);
  if (size === undefined) return parseBaseline(undefined, file);
  if (size === 'other' || size > MOST_BYTES)
    throw new AgentIdError('unreadable', 'the baseline cannot be read', {
      where: file,
      hint: size === 'other' ? 'It must be a file, not a link or folder.' : 'It is larger than 50 MB.',
    });
  return parseBaseline(await readTextIfThere(path), file);
}

/** Gives the size of a file in bytes; `other` for what is none, undefined where nothing is. */
async function sizeOf(path: string): Promise<number | 'other' | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return undefined;
  return stat.isFile() ? stat.size : 'other';
}

/** Reads the text of a baseline; an empty one where there is none. Throws `malformed` or `newer-schema`. */
export function parseBaseline(text: string | undefined, file: string): Baseline {
  return text === undefined ? { schemaVersion: 1, accepted: {} } : toBaseline(toData(text), file);
}

/** When git puts the entries of two branches together, a line that was the last may lack its comma. */
function toData(text: string): unknown {
  return parsed(text) ?? parsed(joined(text));
}

function joined(text: string): string {
  return text.replace(/\}(?=\r?\n\s{0,8}"[0-9a-f]{32}":)/g, '},').replace(/,(?=\s{0,8}\}\s{0,8}\})/g, '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function toBaseline(data: unknown, file: string): Baseline {
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
      hint: 'After a merge: keep the lines of both sides. Else restore it from git.',
    });
  }
  return { schemaVersion: 1, accepted: accepted as Record<string, Accepted> };
}

/** Renders a baseline with one entry a line, sorted, so that two branches merge. */
export function renderBaseline({ accepted }: Baseline): string {
  const lines = Object.entries(accepted)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, entry]) => `    "${id}": ${JSON.stringify(entry)}`);
  const entries = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
  return `{\n  "schemaVersion": 1,\n  "accepted": ${entries}\n}\n`;
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
