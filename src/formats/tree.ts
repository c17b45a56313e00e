import type { Span } from '../model/place.ts';

/** A node of a parsed file, as plain data: cheap to walk, and nothing has to be freed. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly named: boolean;
  /** Name of the field of its parent that it is. */
  readonly field: string | null;
  readonly parent: Node | undefined;
  readonly children: readonly Node[];
}

export interface Tree {
  readonly root: Node;
  /** Where the grammar found something that it does not know, or missed something. */
  readonly broken: readonly Span[];
}

export type Grammar = 'tree-sitter-bash' | 'tree-sitter-python' | 'tree-sitter-go';

/** Gives the child that is a field of its parent. */
export function field(node: Node | undefined, name: string): Node | undefined {
  return node?.children.find((child) => child.field === name);
}

export function namedChildren(node: Node): readonly Node[] {
  return node.children.filter((child) => child.named && child.type !== 'comment');
}

/** Visits a node and all below it, parents first. A visitor that returns false skips what is below. */
export function visit(node: Node, visitor: (node: Node) => boolean | void): void {
  if (visitor(node) === false) return;
  for (const child of node.children) visit(child, visitor);
}

/** Finds the nearest node above that a test accepts. */
export function above(node: Node, test: (node: Node) => boolean): Node | undefined {
  for (let at = node.parent; at !== undefined; at = at.parent) if (test(at)) return at;
  return undefined;
}

export function spanOf(node: Node): Span {
  return { start: node.start, end: node.end };
}

export function textOf(node: Node | undefined, text: string): string {
  return node === undefined ? '' : text.slice(node.start, node.end);
}

/** Gives a node and all below it, in the order of the text. */
export function allNodes(root: Node): readonly Node[] {
  const nodes: Node[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    for (let at = node.children.length - 1; at >= 0; at -= 1) {
      const child = node.children[at];
      if (child !== undefined) open.push(child);
    }
  }
  return nodes;
}
