// Writes rules/scopes/okta.json: which Okta operation needs which scopes, and which SDK method calls which operation.
// Usage: node scripts/scopes.mjs FROM_FOLDER, where FROM_FOLDER holds okta-operation-scopes.json and okta-sdk-methods.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node scripts/scopes.mjs FROM_FOLDER');
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

const described = read('okta-operation-scopes.json');
const { sdkMethods } = read('okta-sdk-methods.json');

// The gateway appliance has its own host and its own token: nothing an Okta API token reaches.
const operations = described.operations
  .filter((operation) => operation.api !== 'access-gateway')
  .map(({ method, path, operationId, scopes, ssws }) => ({ method, path, id: operationId, scopes, ssws }));
const byKey = new Map(operations.map((operation) => [key(operation), operation]));
// Of two operations of one name the management API's wins: it comes first and is what the SDKs call.
const byId = new Map([...operations].reverse().map((operation) => [operation.id, operation]));

const families = {
  node: ['@okta/okta-sdk-nodejs@8'],
  nodeOld: ['@okta/okta-sdk-nodejs@4-6'],
  python: ['okta(PyPI)@3', 'okta(PyPI)@2'],
};
const methods = {};
for (const [family, sdks] of Object.entries(families)) {
  methods[family] = {};
  for (const sdk of sdks) addMethods(family, sdk);
}

/** Keeps only names that do not follow the rule "method = operationId" (Python: in snake case). */
function addMethods(family, sdk) {
  for (const entry of sdkMethods.filter((one) => one.sdk === sdk)) {
    const operation = operationOf(entry);
    const known = methods[family][entry.method];
    if (operation === undefined || known !== undefined) continue;
    const expected =
      family === 'python' ? [...byId.keys()].find((id) => snake(id) === entry.method) : entry.method;
    if (expected === operation.id) continue;
    // Two major versions of one SDK call the name differently: the newer one's meaning stands.
    if (family === 'python' && expected !== undefined && sdk.endsWith('@2') && inNewer(entry.method))
      continue;
    methods[family][entry.method] = operation.id;
  }
}

function inNewer(method) {
  return sdkMethods.some((one) => one.sdk === 'okta(PyPI)@3' && one.method === method);
}

function operationOf(entry) {
  const found = byKey.get(key({ method: entry.http, path: entry.path }));
  if (found !== undefined) return found;
  if (entry.scopes === null || entry.path.endsWith('{')) return undefined;
  // Only an SDK's own description has it: it is an operation all the same.
  const added = {
    method: entry.http,
    path: entry.path,
    id: entry.operationId ?? entry.method,
    scopes: entry.scopes,
  };
  if (byId.has(added.id)) return undefined;
  operations.push(added);
  byKey.set(key(added), added);
  byId.set(added.id, added);
  return added;
}

function key({ method, path }) {
  return `${method} ${path.split('?')[0].replace(/\{[^}]*\}/g, '{}')}`;
}

function snake(name) {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

const scopes = [...new Set(operations.flatMap((operation) => operation.scopes))].sort((a, b) =>
  a < b ? -1 : 1,
);
const table = {
  schemaVersion: 1,
  api: 'okta',
  license: 'Apache-2.0',
  note: 'operations: "METHOD path operationId scopes", scopes by index and all needed together; "token" where only an API token may call it, nothing where anybody may. sdk: method names that differ from the operationId (Python: from its snake case). Go: the operationId with a capital.',
  sources: [
    ...Object.values(described.generatedFrom).map(({ source, version, license }) => ({
      source,
      version,
      license,
    })),
    { source: 'https://github.com/okta/okta-sdk-nodejs', version: '8 and 4 to 6', license: 'Apache-2.0' },
    { source: 'https://github.com/okta/okta-sdk-python', version: '3 and 2', license: 'Apache-2.0' },
  ],
  scopes,
  operations: operations.map((operation) =>
    [
      operation.method,
      operation.path.split('?')[0],
      operation.id,
      operation.scopes.length === 0 && operation.ssws
        ? 'token'
        : operation.scopes.map((scope) => scopes.indexOf(scope)).join(','),
    ]
      .join(' ')
      .trim(),
  ),
  sdk: methods,
};
const target = join(import.meta.dirname, '..', 'rules', 'scopes', 'okta.json');
const options = await resolveConfig(target);
writeFileSync(target, await format(JSON.stringify(table), { ...options, filepath: target }));
