import type { Use } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { indentAt, lineBreakOf } from '../lines.ts';
import { field, spanOf, textOf, type Node } from '../tree.ts';
import type { Adopted, Adoption, ChangedSignature } from '../types.ts';
import {
  addUnused,
  changeImports,
  goneSpans,
  removeImports,
  removeItems,
  removeStatements,
} from './cleanup.ts';
import { contextOf } from './context.ts';
import type { EnvRead } from './facts.ts';
import { follow, refuse, type Flow, type Refusal, type Site } from './flow.ts';
import { dotted, piecesOf, type Source } from './source.ts';

interface Code {
  readonly source: Source;
  readonly reads: readonly EnvRead[];
  readonly listens: readonly Span[];
}

/**
 * Puts a call of the helper where code sets a header to `SSWS <secret>`, and takes out what only held the secret
 * (tier T3). Refuses where the value goes elsewhere, where the function cannot tell an error, or where it is not
 * clear for whose request the code works.
 */
export function adoptGo(code: Code, uses: readonly Use[], target: Adoption): Adopted {
  const { source } = code;
  const flow: Flow = { sites: new Map(), statements: new Set(), items: new Map(), tokens: new Map() };
  for (const use of uses) {
    const read = code.reads.find((one) => one.span.start === use.span.start);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refusal = follow(source, read.node, flow);
    if (refusal !== undefined) return refusal;
  }
  const at = uses[0]?.span ?? spanOf(source.root);
  if (flow.sites.size + flow.tokens.size === 0)
    return { refused: 'this code sets no Authorization header to it', at };
  if (target.helperImport === undefined) return { refused: 'there is no go.mod that names the module', at };
  return addUnused(source, flow) ?? rewrite(code, flow, target, target.helperImport);
}

function rewrite(code: Code, flow: Flow, target: Adoption, path: string): Adopted {
  const { source } = code;
  const unused = `${reasonOf(target)}; this is not used any more`;
  const statements = removeStatements(source, flow.statements, unused);
  if ('refused' in statements) return statements;
  const items = removeItems(source, flow, unused);
  if ('refused' in items) return items;
  const edits: Edit[] = [...statements, ...items];
  for (const piece of piecesOf(source)) {
    const asked = rewritePiece({ ...code, source: piece }, flow, target, path);
    if ('refused' in asked) return asked;
    edits.push(...asked);
  }
  return { tier: flow.sites.size > 0 ? 'T3' : 'T2', edits, ...goneOf(flow) };
}

function reasonOf({ agent }: Adoption): string {
  return `${agent} asks for a token of its own`;
}

/** The calls of the helper in one file, and its imports. */
function rewritePiece(code: Code, flow: Flow, target: Adoption, path: string): readonly Edit[] | Refusal {
  const { source } = code;
  const reason = reasonOf(target);
  const known = source.imports.find((one) => one.module === path)?.local;
  const isTaken = source.nodes.some(
    (node) => node.type === 'identifier' && textOf(node, source.text) === 'agentid',
  );
  const name = known ?? (isTaken ? 'agentidhelper' : 'agentid');
  const calls = askedFor(code, flow, { target, name, reason });
  if ('refused' in calls) return calls;
  const kept = [
    ...(calls.some((one) => one.text.includes('log.Fatal(')) ? ['log'] : []),
    ...(calls.length > 0 ? ['http'] : []),
  ];
  const removed = removeImports(source, goneSpans(flow), kept);
  const added = known === undefined && calls.length > 0 ? `${name} ${JSON.stringify(path)}` : undefined;
  const imports = changeImports(source, added, removed, reason);
  return 'refused' in imports ? imports : [...imports, ...calls];
}

/** What other files must not read or give any more. */
function goneOf(flow: Flow): {
  readonly dropped: readonly string[];
  readonly changed: readonly ChangedSignature[];
} {
  const held = [...flow.items.values()].flatMap((one) => one ?? []);
  return {
    dropped: held.flatMap((one) => (one.parameter === undefined ? [one.name] : [])),
    changed: held.flatMap(({ name, parameter }) =>
      parameter === undefined ? [] : [{ name: parameter.of, parameter: name, index: parameter.index }],
    ),
  };
}

interface Asking {
  readonly target: Adoption;
  /** The helper's package, as the file calls it. */
  readonly name: string;
  readonly reason: string;
}

/** Puts calls of the helper where headers are set and clients are made. */
function askedFor(code: Code, flow: Flow, { target, name, reason }: Asking): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  const own = new Set(code.source.nodes);
  for (const site of [...flow.sites.values()].filter(({ statement }) => own.has(statement))) {
    const text = toStatement(code, site, target, name);
    if (typeof text !== 'string') return text;
    edits.push({ span: spanOf(site.statement), text, reason });
  }
  for (const setting of [...flow.tokens.values()].filter((node) => own.has(node))) {
    const text = toClient(code, setting, target, name);
    if (typeof text !== 'string') return text;
    edits.push({ span: spanOf(setting), text, reason });
  }
  return edits;
}

/** A client that answers requests of many users has no request in sight: it can only act as itself. */
function toClient(
  { source, listens }: Code,
  setting: Node,
  target: Adoption,
  name: string,
): string | Refusal {
  const isItself = target.actsFor === 'itself';
  if (!isItself && listens.length > 0)
    return refuse(setting, 'this file answers requests, and the client of the SDK does not know which');
  const okta = dotted(field(setting, 'function'), source.text).split('.')[0] ?? 'okta';
  const maker = isItself ? 'ClientAsItself' : target.own?.mixed === true ? 'OwnClient' : 'Client';
  const client = `${name}.${maker}(${wordsOf(target, name)})`;
  // The SDK refuses to start without a token; this one is never sent. Its cache knows only URLs, not users.
  const written = [`WithToken("agent-id")`, `WithHttpClientPtr(${client})`, 'WithCache(false)'];
  return written.map((one) => `${okta}.${one}`).join(', ');
}

/** Agent, resource and scopes, as a call of the helper gives them. */
function wordsOf({ agent, resource, scopes, own }: Adoption, name: string): string {
  const id =
    own === undefined ? JSON.stringify(agent) : `${name}.Own(${JSON.stringify(own.otherwise ?? '')})`;
  return [id, ...[resource, ...scopes].map((one) => JSON.stringify(one))].join(', ');
}

function toStatement(code: Code, site: Site, target: Adoption, name: string): string | Refusal {
  const { source } = code;
  const context = contextOf(source, site);
  if ('refused' in context) return context;
  const isItself = target.actsFor === 'itself';
  if (!isItself && context.inbound === undefined && code.listens.length > 0) {
    return refuse(
      site.statement,
      'this file answers requests, but the request is not in sight where the header is set',
    );
  }
  const inbound = isItself ? [] : [context.inbound ?? 'nil'];
  const args = [textOf(site.request, source.text), ...inbound, wordsOf(target, name)].join(', ');
  const setter = isItself
    ? 'SetAuthorizationAsItself'
    : target.own?.mixed === true
      ? 'SetOwnAuthorization'
      : 'SetAuthorization';
  const newLine = `${lineBreakOf(source.text)}${indentAt(source.text, site.statement.start)}`;
  const exit = context.exit.map((line) => `${newLine}\t${line}`).join('');
  return `if err := ${name}.${setter}(${args}); err != nil {${exit}${newLine}}`;
}
