import { AgentIdError } from '../../model/error.ts';
import { decisions, type Decision } from '../../model/review.ts';

/** One line of a reviewer's file. Null: not decided. */
export interface Decided {
  readonly agent: string;
  readonly uri: string;
  readonly scope: string;
  readonly decision: Decision | null;
}

/** Reads a filled-in export, CSV or JSON. Throws `malformed`, and `usage` for a decision that is none. */
export function parseDecisions(text: string, path: string): readonly Decided[] {
  return text.trimStart().startsWith('{') ? fromJson(text, path) : fromCsv(text, path);
}

function fromJson(text: string, path: string): readonly Decided[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw malformed(path, 'is not JSON', cause);
  }
  return listOf(data, 'agents', path).flatMap((agent) =>
    listOf(agent, 'scopes', path).map((scope) =>
      toDecided(
        [field(agent, 'id'), field(scope, 'uri'), field(scope, 'scope'), field(scope, 'decision')],
        path,
      ),
    ),
  );
}

function fromCsv(text: string, path: string): readonly Decided[] {
  const [head = [], ...rows] = toRows(text.replace(/^\uFEFF/, ''));
  const at = ['agent', 'resource', 'scope', 'decision'].map((name) => head.indexOf(name));
  if (at.includes(-1)) throw malformed(path, 'lacks a column: agent, resource, scope, decision');
  return rows
    .filter((row) => row.some((cell) => cell !== ''))
    .map((row) =>
      toDecided(
        at.map((column) => row[column] ?? ''),
        path,
      ),
    );
}

/** Cells may be quoted, and hold line breaks then. Spreadsheets of some countries write `;`. @see RFC 4180 */
function toRows(text: string): readonly (readonly string[])[] {
  const semicolons = /^[^\n,]*;/.test(text);
  const cell = semicolons
    ? /("(?:[^"]|"")*"|[^;\r\n]*)(;|\r?\n|$)/gy
    : /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/gy;
  const rows: string[][] = [[]];
  for (const [, raw = '', end = ''] of text.matchAll(cell)) {
    const value = raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw;
    rows.at(-1)?.push(value.trim());
    if (end === '') break;
    if (end.endsWith('\n')) rows.push([]);
  }
  return rows;
}

function toDecided([agent = '', uri = '', scope = '', word = '']: readonly string[], path: string): Decided {
  if (word === '') return { agent, uri, scope, decision: null };
  const decision = decisions.find((one) => one === word.toLowerCase());
  if (decision !== undefined) return { agent, uri, scope, decision };
  throw new AgentIdError('usage', `a decision is one of ${decisions.join(', ')}, or empty`, {
    where: `${path}: ${agent} ${scope}`,
  });
}

function listOf(data: unknown, name: string, path: string): readonly unknown[] {
  const list =
    typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;
  if (Array.isArray(list)) return list;
  throw malformed(path, `has no list of ${name}`);
}

function field(data: unknown, name: string): string {
  const value =
    typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}

function malformed(path: string, what: string, cause?: unknown): AgentIdError {
  return new AgentIdError('malformed', `the file of decisions ${what}`, {
    ...(cause === undefined ? {} : { cause }),
    where: path,
    hint: 'Make one: agent-id agents review --export decisions.csv (or .json, .html)',
  });
}
