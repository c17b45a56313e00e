import { AgentIdError } from '../model/error.ts';
import type { Operation, ScopeTable, SdkLanguage } from './types.ts';

/** What `rules/scopes/*.json` holds; made by `scripts/scopes.mjs`. */
interface TableFile {
  readonly api: string;
  readonly scopes: readonly string[];
  readonly operations: readonly string[];
  readonly sdk: Readonly<Record<'node' | 'nodeOld' | 'python', Readonly<Record<string, string>>>>;
}

/** Makes the lookups of one API's table. Throws `malformed` where it is none of ours. */
export function toScopeTable(data: unknown): ScopeTable {
  const file = assertTable(data);
  const operations = file.operations.map((line) => toOperation(line, file.scopes));
  // The first of two operations with one name is the management API's, which is what the SDKs call.
  const byId = new Map([...operations].reverse().map((operation) => [operation.id, operation]));
  const byPython = new Map([...operations].reverse().map((operation) => [toSnake(operation.id), operation]));
  const bySegments = groupBySegments(operations);
  return {
    api: file.api,
    byPath: (method, path) => bestMatch(bySegments, path, method)[0],
    methodsOf: (path) => bestMatch(bySegments, path).map((operation) => operation.method),
    byMethod: (language, callee) => lookup(language, callee, { file, byId, byPython }),
  };
}

interface Names {
  readonly file: TableFile;
  readonly byId: ReadonlyMap<string, Operation>;
  readonly byPython: ReadonlyMap<string, Operation>;
}

/** `client.userApi.x` is the newer SDK of Node, `client.x` and `user.x` the older; in Go `client.UserAPI.X`, `client.User.X`. */
function lookup(language: SdkLanguage, callee: readonly string[], names: Names): Operation | undefined {
  const method = callee.at(-1) ?? '';
  if (language === 'python') {
    return names.byId.get(names.file.sdk.python[method] ?? '') ?? names.byPython.get(method);
  }
  const holder = callee.at(-2) ?? '';
  const name = language === 'go' ? method.charAt(0).toLowerCase() + method.slice(1) : method;
  if (language === 'go' && name === method) return undefined;
  const newer = /api$/i.test(holder);
  const renamed = names.file.sdk[newer ? 'node' : 'nodeOld'];
  const own = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
  return names.byId.get(own ?? name);
}

/** Finds operations whose path fits, literal segments before parameters: `/users/me` before `/users/{id}`. */
function bestMatch(
  bySegments: ReadonlyMap<number, readonly Operation[]>,
  path: string,
  method?: string,
): readonly Operation[] {
  const parts = path.split('/');
  let best = -1;
  let found: Operation[] = [];
  for (const operation of bySegments.get(parts.length) ?? []) {
    if (method !== undefined && operation.method !== method) continue;
    const score = scoreOf(operation.path.split('/'), parts);
    if (score < best || score < 0) continue;
    if (score > best) found = [];
    best = score;
    found.push(operation);
  }
  return found;
}

/** Counts literal segments; -1 where it does not fit. A part of the text that is dynamic (`{}`) fits only a parameter. */
function scoreOf(template: readonly string[], parts: readonly string[]): number {
  let literal = 0;
  for (const [at, segment] of template.entries()) {
    const part = parts[at] ?? '';
    if (segment.startsWith('{')) {
      if (part === '') return -1;
    } else if (segment !== part) return -1;
    else literal += 1;
  }
  return literal;
}

function groupBySegments(operations: readonly Operation[]): ReadonlyMap<number, readonly Operation[]> {
  const groups = new Map<number, Operation[]>();
  for (const operation of operations) {
    const count = operation.path.split('/').length;
    groups.set(count, [...(groups.get(count) ?? []), operation]);
  }
  return groups;
}

function toOperation(line: string, scopes: readonly string[]): Operation {
  const [method = '', path = '', id = '', indices = ''] = line.split(' ');
  return {
    method,
    path,
    id,
    tokenOnly: indices === 'token',
    scopes: /^\d/.test(indices) ? indices.split(',').flatMap((index) => scopes[Number(index)] ?? []) : [],
  };
}

function toSnake(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

function assertTable(data: unknown): TableFile {
  if (typeof data === 'object' && data !== null && 'operations' in data && 'sdk' in data && 'scopes' in data)
    return data as TableFile;
  throw new AgentIdError('malformed', 'the table of scopes is not of the expected shape', {
    hint: 'Install agent-id again.',
  });
}
