import type { Use } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { spanOf, type Node } from '../tree.ts';
import type { Adopted, Adoption } from '../types.ts';
import { removeImports, removeStatements } from './cleanup.ts';
import { follow, type Flow, type Refusal } from './flow.ts';
import { importHelper } from './helper-import.ts';
import type { EnvRead } from './reads.ts';
import { requestOf } from './request.ts';
import type { Script } from './script.ts';

interface Source {
  readonly script: Script;
  readonly reads: readonly EnvRead[];
  readonly listens: readonly Span[];
}

/**
 * Puts a call of the helper where code builds `SSWS <secret>`, and takes out what only held the secret (tier T3).
 * Refuses where the value goes elsewhere, or where it is not clear for whose request the code works.
 */
export function adoptPython(source: Source, uses: readonly Use[], target: Adoption): Adopted {
  const { script } = source;
  const flow: Flow = { headers: new Set(), statements: new Set() };
  for (const use of uses) {
    const read = source.reads.find((one) => one.span.start === use.span.start);
    if (read === undefined) return { refused: 'the place where it is read was not found', at: use.span };
    const refusal = follow(script, read.node, flow);
    if (refusal !== undefined) return refusal;
  }
  if (flow.headers.size === 0) {
    return {
      refused: 'this code builds no Authorization header out of it',
      at: uses[0]?.span ?? spanOf(script.root),
    };
  }
  const reason = `${target.agent} asks for a token of its own`;
  const helper = importHelper(script, target.helperPath, reason);
  const headers: Edit[] = [];
  for (const node of flow.headers) {
    const text = toCall(source, node, target, helper.name);
    if (typeof text !== 'string') return text;
    headers.push({ span: spanOf(node), text, reason });
  }
  const statements = removeStatements(script, flow.statements, `${reason}; this is not used any more`);
  if ('refused' in statements) return statements;
  const removed = [...flow.headers, ...flow.statements].map(spanOf);
  const imports = removeImports(script, removed, helper.modules, `${reason}; this is not used any more`);
  return { tier: 'T3', edits: [...helper.edits, ...headers, ...statements, ...imports] };
}

function toCall(source: Source, node: Node, target: Adoption, helper: string): string | Refusal {
  const scopes = target.scopes.map((scope) => JSON.stringify(scope)).join(', ');
  const shared = `${helper}.authorization(${JSON.stringify(target.agent)}, ${JSON.stringify(target.resource)}, [${scopes}]`;
  if (target.actsFor === 'itself') return `${shared}, as_itself=True)`;
  const request = requestOf(source.script, node);
  if (request !== undefined) return `${shared}, request=${request})`;
  if (source.listens.length === 0) return `${shared})`;
  return {
    refused: 'this file answers requests, but the request is not in sight where the header is built',
    at: spanOf(node),
  };
}
