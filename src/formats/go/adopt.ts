import type { Use } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { indentAt, lineBreakOf } from '../lines.ts';
import { spanOf, textOf } from '../tree.ts';
import type { Adopted, Adoption } from '../types.ts';
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
import type { Source } from './source.ts';

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
  const flow: Flow = { sites: new Map(), statements: new Set(), items: new Map() };
  for (const use of uses) {
    const read = code.reads.find((one) => one.span.start === use.span.start);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refusal = follow(source, read.node, flow);
    if (refusal !== undefined) return refusal;
  }
  const at = uses[0]?.span ?? spanOf(source.root);
  if (flow.sites.size === 0) return { refused: 'this code sets no Authorization header to it', at };
  if (target.helperImport === undefined) return { refused: 'there is no go.mod that names the module', at };
  return addUnused(source, flow) ?? rewrite(code, flow, target, target.helperImport);
}

function rewrite(code: Code, flow: Flow, target: Adoption, path: string): Adopted {
  const { source } = code;
  const reason = `${target.agent} asks for a token of its own`;
  const unused = `${reason}; this is not used any more`;
  const known = source.imports.find((one) => one.module === path)?.local;
  const isTaken = source.nodes.some(
    (node) => node.type === 'identifier' && textOf(node, source.text) === 'agentid',
  );
  const name = known ?? (isTaken ? 'agentidhelper' : 'agentid');
  const calls: Edit[] = [];
  for (const site of flow.sites.values()) {
    const text = toStatement(code, site, target, name);
    if (typeof text !== 'string') return text;
    calls.push({ span: spanOf(site.statement), text, reason });
  }
  const statements = removeStatements(source, flow.statements, unused);
  if ('refused' in statements) return statements;
  const items = removeItems(source, flow, unused);
  if ('refused' in items) return items;
  const kept = calls.some((one) => one.text.includes('log.Fatal(')) ? ['log', 'http'] : ['http'];
  const removed = removeImports(source, goneSpans(flow), kept);
  const added = known === undefined ? `${name} ${JSON.stringify(path)}` : undefined;
  const imports = changeImports(source, added, removed, reason);
  if ('refused' in imports) return imports;
  const held = [...flow.items.values()].flatMap((one) => one ?? []);
  return {
    tier: 'T3',
    edits: [...imports, ...calls, ...statements, ...items],
    dropped: held.flatMap((one) => (one.parameter === undefined ? [one.name] : [])),
    changed: held.flatMap(({ name, parameter }) =>
      parameter === undefined ? [] : [{ name: parameter.of, parameter: name, index: parameter.index }],
    ),
  };
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
  const words = [target.agent, target.resource, ...target.scopes].map((one) => JSON.stringify(one));
  const args = [textOf(site.request, source.text), ...inbound, ...words].join(', ');
  const setter = isItself ? 'SetAuthorizationAsItself' : 'SetAuthorization';
  const newLine = `${lineBreakOf(source.text)}${indentAt(source.text, site.statement.start)}`;
  const exit = context.exit.map((line) => `${newLine}\t${line}`).join('');
  return `if err := ${name}.${setter}(${args}); err != nil {${exit}${newLine}}`;
}
