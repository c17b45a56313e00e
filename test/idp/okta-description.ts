import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import type { ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

type Schema = Readonly<Record<string, unknown>>;

/** One operation as Okta describes it. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly scopes: readonly string[];
  readonly query: readonly string[];
  readonly contentType: string | null;
  readonly request: Schema | null;
  readonly requestRequired: boolean;
  readonly responses: Readonly<Record<string, Schema | null>>;
}

const description = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/okta-admin-openapi.json'), 'utf8'),
) as {
  readonly operations: readonly Operation[];
  readonly errors: Readonly<Record<string, object>>;
  readonly definitions: Readonly<Record<string, Schema>>;
};

/** Okta's own example of an error body. */
export function errorBody(status: number): object {
  return description.errors[status] ?? {};
}

export const operations = description.operations;

/** Finds the operation of a request; `values` are what stands in its path. */
export function findOperation(
  method: string,
  path: string,
): { readonly operation: Operation; readonly values: readonly string[] } | undefined {
  const found = operations.flatMap((operation) => {
    const pattern = operation.path.replace(/\{[^}]+\}/g, '([^/]+)').replace(/\./g, '\\.');
    const match = operation.method === method ? new RegExp(`^${pattern}$`).exec(path) : null;
    return match === null ? [] : [{ operation, values: match.slice(1).map(decodeURIComponent) }];
  });
  return found.sort((a, b) => a.values.length - b.values.length)[0];
}

/** What the description leaves to RFC 7518 (an EC key's curve) and RFC 7523 (how a client authenticates). */
const forgotten = new Set(['crv', 'client_assertion', 'client_assertion_type']);

const inward = new Ajv2019({ strict: false, allErrors: true });
addFormats.default(inward);
inward.removeKeyword('readOnly');
inward.addKeyword({ keyword: 'readOnly', validate: (flag: boolean) => !flag });
inward.addSchema({ $id: 'in', definitions: closeAll(description.definitions) });
const outward = new Ajv2019({ strict: false, allErrors: true });
addFormats.default(outward);
outward.addSchema({ $id: 'out', definitions: description.definitions });

/** Says what is wrong with a request by Okta's description: unknown fields and read-only ones are wrong too. */
export function judgeRequest(operation: Operation, query: URLSearchParams, body: unknown): readonly string[] {
  const wrong = [...query.keys()]
    .filter((name) => !operation.query.includes(name))
    .map((name) => `${operation.operationId}: no query parameter ${name}`);
  if (operation.request === null || body === undefined) {
    if (body !== undefined) wrong.push(`${operation.operationId}: takes no body`);
    else if (operation.requestRequired) wrong.push(`${operation.operationId}: needs a body`);
    return wrong;
  }
  const { request } = operation;
  const validate = compiled(`in ${operation.operationId}`, () =>
    inward.compile(rebase(closeUse(request), 'in')),
  );
  if (validate(body) === true) return wrong;
  const errors = (validate.errors ?? []).filter(
    ({ params }) => !forgotten.has(String(params['unevaluatedProperty'])),
  );
  const real = errors.filter((error) => error.keyword !== 'oneOf' || errors.length === 1);
  return [...wrong, ...real.map((error) => `${operation.operationId}${error.instancePath} ${error.message}`)];
}

/** Says what is wrong with an answer of the double. */
export function judgeAnswer(operation: Operation, status: number, body: unknown): readonly string[] {
  if (status >= 500) return [];
  const schema = operation.responses[String(status)];
  if (schema === undefined) {
    return status === 401 ? [] : [`${operation.operationId} has no answer ${status}`];
  }
  if (schema === null) return body === undefined ? [] : [`${operation.operationId} ${status} has no body`];
  const key = `out ${operation.operationId} ${status}`;
  const validate = compiled(key, () => outward.compile(rebase(schema, 'out')));
  if (validate(body) === true) return [];
  return [`${operation.operationId} ${status}: ${outward.errorsText(validate.errors ?? null)}`];
}

const validators = new Map<string, ValidateFunction>();

function compiled(key: string, compile: () => ValidateFunction): ValidateFunction {
  const found = validators.get(key) ?? compile();
  validators.set(key, found);
  return found;
}

function rebase(schema: Schema, id: string): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', `"${id}#/definitions/`)) as Schema;
}

function closeAll(definitions: Readonly<Record<string, Schema>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(definitions).map(([name, one]) => [name, closeParts(one)]));
}

/** Closes every place where a schema is used for a value; one that is a part of another stays open. */
function closeParts(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties') {
        const parts = Object.entries(value as Record<string, Schema>);
        return [key, Object.fromEntries(parts.map(([name, part]) => [name, closeUse(part)]))];
      }
      if (key === 'items') return [key, closeUse(value as Schema)];
      if (key === 'allOf' || key === 'oneOf' || key === 'anyOf')
        return [key, (value as Schema[]).map(closeParts)];
      return [key, value];
    }),
  );
}

function closeUse(schema: Schema): Schema {
  const free = schema['type'] === 'object' && schema['properties'] === undefined;
  return free ? schema : { allOf: [closeParts(schema)], unevaluatedProperties: false };
}
