import type { MappedSecret, SecretMap } from '../model/consumer.ts';
import { printable } from './error.ts';

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** Renders the map for Mermaid: stores, secrets, consumers, scopes, from left to right. */
export function renderMermaid(map: SecretMap): string {
  const nodes = new Map<string, string>();
  const edges = edgesOf(map).map(({ from, to }) => `  ${idOf(nodes, from)} --> ${idOf(nodes, to)}`);
  const labels = [...nodes].map(([label, id]) => `  ${id}["${escaped(label)}"]`);
  return `${['graph LR', ...labels, ...new Set(edges)].join('\n')}\n`;
}

/** Renders the same for Graphviz. */
export function renderDot(map: SecretMap): string {
  const edges = edgesOf(map).map(({ from, to }) => `  "${escaped(from)}" -> "${escaped(to)}";`);
  return `${['digraph secrets {', '  rankdir=LR;', '  node [shape=box];', ...new Set(edges), '}'].join('\n')}\n`;
}

function edgesOf(map: SecretMap): readonly Edge[] {
  return map.secrets.flatMap((secret) => [
    ...secret.storedIn.map((place) => ({ from: `${place.path}:${place.startLine}`, to: labelOf(secret) })),
    ...secret.consumers.flatMap((consumer) => [
      { from: labelOf(secret), to: consumer.name },
      ...consumer.scopes.map(({ scope }) => ({ from: consumer.name, to: scope })),
    ]),
  ]);
}

function labelOf(secret: MappedSecret): string {
  return `${secret.names[0] ?? 'unnamed'} secret:${secret.secret.slice(0, 6)}`;
}

function idOf(nodes: Map<string, string>, label: string): string {
  const id = nodes.get(label) ?? `n${nodes.size}`;
  nodes.set(label, id);
  return id;
}

/** Names of a hostile repository end neither a label nor a line. */
function escaped(text: string): string {
  return printable(text).replaceAll('\\', '\\\\').replaceAll('"', "'");
}
