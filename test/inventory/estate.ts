import { createHash, randomBytes } from 'node:crypto';
import table from '../../rules/scopes/okta.json' with { type: 'json' };
import { parseFile } from '../../src/formats/index.ts';
import { toScopeTable, toSecretMap, withOwners, parseCodeowners } from '../../src/inventory/index.ts';
import type { Lock } from '../../src/model/agent.ts';
import type { Consumer, MappedSecret, SecretMap } from '../../src/model/consumer.ts';
import type { FileFacts } from '../../src/model/facts.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Location, Span } from '../../src/model/place.ts';

export type Files = Readonly<Record<string, string>>;

/** A made-up value in the shape of an Okta API token; never on disk. */
export const token = `00${randomBytes(30).toString('base64url').slice(0, 40)}`;

const oktaName = /^([A-Z0-9]+_)*OKTA_([A-Z0-9]+_)*(TOKEN|KEY)$|^(TF_VAR_)?okta_?(api_?)?token$/i;

/** Parses files, finds Okta tokens in them in the simplest way, and maps them. */
export async function mapFiles(files: Files, lock: Lock | null = null): Promise<SecretMap> {
  const sources = [];
  const findings: Finding[] = [];
  for (const [path, text] of Object.entries(files)) {
    const facts = (await parseFile(text, path))?.facts ?? plain(path, text);
    sources.push({ facts, text });
    findings.push(...findIn(facts, text));
  }
  const map = toSecretMap({
    findings,
    sources,
    paths: Object.keys(files),
    lock,
    scopes: toScopeTable(table),
    rootName: 'acme',
  });
  const owners = files['CODEOWNERS'];
  const codeowners = owners === undefined ? null : { path: 'CODEOWNERS', rules: parseCodeowners(owners) };
  return withOwners(map, { codeowners, blame: new Map(), tracked: null });
}

/** The one secret of a map that is expected to have one. */
export function only(map: SecretMap): MappedSecret {
  const [secret, ...more] = map.secrets;
  if (secret === undefined || more.length > 0) {
    throw new Error(`expected one secret, got ${map.secrets.map((one) => one.names.join('/')).join(', ')}`);
  }
  return secret;
}

export function consumer(secret: MappedSecret, name: string): Consumer {
  const found = secret.consumers.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`no consumer ${name} among ${secret.consumers.map((one) => one.name).join(', ')}`);
  }
  return found;
}

/** `okta.users.read services/x/main.ts:3` for each line of evidence. */
export function evidence(one: Consumer): readonly string[] {
  return one.scopes.flatMap(({ scope, evidence: lines }) =>
    lines.map(({ path, line }) => `${scope} ${path}:${line}`),
  );
}

export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function findIn(facts: FileFacts, text: string): readonly Finding[] {
  const literals = facts.slots
    .filter((slot) => slot.value === token)
    .map((slot) => toFinding('literal', slot.name, locate(facts, slot.span, slot.path), fingerprint(token)));
  const uses = facts.uses
    .filter((use) => oktaName.test(use.name))
    .map((use) =>
      toFinding('use', use.name, locate(facts, use.span, use.slot), fingerprint(`${use.store} ${use.name}`)),
    );
  const tf = /\.(tf|tfvars)$/.test(facts.path) ? [...text.matchAll(new RegExp(token, 'g'))] : [];
  const plainLiterals = tf.map((match) =>
    toFinding(
      'literal',
      'okta_api_token',
      locate(facts, { start: match.index, end: match.index + 42 }),
      fingerprint(token),
    ),
  );
  return [...literals, ...uses, ...plainLiterals];
}

function toFinding(kind: Finding['kind'], name: string | null, location: Location, secret: string): Finding {
  return {
    id: fingerprint(`${kind} ${location.path} ${location.startLine} ${location.startColumn}`),
    rule: 'okta-api-token',
    provider: 'okta',
    title: 'Okta API token',
    kind,
    name,
    secret,
    lifetime: 'static',
    severity: 'critical',
    confidence: 'high',
    reasons: [],
    location,
    live: null,
    state: 'new',
  };
}

function locate(facts: FileFacts, span: Span, slot?: string): Location {
  const line = facts.lineStarts.filter((start) => start <= span.start).length;
  const column = span.start - (facts.lineStarts[line - 1] ?? 0) + 1;
  return {
    path: facts.path,
    startLine: line,
    startColumn: column,
    endLine: line,
    endColumn: column + span.end - span.start,
    ...(slot === undefined ? {} : { slot }),
  };
}

function plain(path: string, text: string): FileFacts {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  return {
    path,
    format: 'text',
    slots: [],
    uses: [],
    imports: [],
    calls: [],
    commands: [],
    listens: [],
    lineStarts,
  };
}
