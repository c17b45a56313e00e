import { parse, type ParserPlugin } from '@babel/parser';
import { AgentIdError } from '../../model/error.ts';
import type { Span } from '../../model/place.ts';

/** A node of the syntax tree, read as plain data: a hundred node types need no hundred interfaces. */
export interface JsNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A parsed file: its nodes in the order of the text, with their parents. */
export interface Ast {
  readonly text: string;
  readonly root: JsNode;
  readonly nodes: readonly JsNode[];
  readonly parents: ReadonlyMap<JsNode, JsNode>;
  readonly broken: readonly Span[];
  readonly isModule: boolean;
}

/** Parses a file, by its ending and then by what else it may be. Throws `malformed` with the line. */
export function parseScript(text: string, path: string): Ast {
  const attempts = pluginsFor(path);
  let first: unknown;
  for (const plugins of attempts) {
    try {
      return toAst(text, plugins);
    } catch (error) {
      first ??= error;
    }
  }
  const line = (first as { readonly loc?: { readonly line: number } }).loc?.line ?? 1;
  // The parser's message may quote the text.
  throw new AgentIdError('malformed', 'this is not JavaScript or TypeScript', { where: `${path}:${line}` });
}

function pluginsFor(path: string): readonly (readonly ParserPlugin[])[] {
  const typed: ParserPlugin[] = ['typescript', 'decorators-legacy'];
  if (/\.[cm]?ts$/.test(path)) return [typed, [...typed, 'jsx']];
  if (path.endsWith('.tsx')) return [[...typed, 'jsx']];
  return [['jsx', 'decorators-legacy'], ['jsx', 'flow'], typed];
}

function toAst(text: string, plugins: readonly ParserPlugin[]): Ast {
  const file = parse(text, {
    sourceType: 'unambiguous',
    errorRecovery: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowUndeclaredExports: true,
    plugins: [...plugins],
  });
  const root = file.program as unknown as JsNode;
  const nodes: JsNode[] = [];
  const parents = new Map<JsNode, JsNode>();
  collect(root, nodes, parents);
  const broken = (file.errors ?? []).map(({ loc }) => ({ start: loc.index, end: loc.index }));
  return { text, root, nodes, parents, broken, isModule: file.program.sourceType === 'module' };
}

/** Without recursion: hostile files nest deeper than a stack. */
function collect(root: JsNode, nodes: JsNode[], parents: Map<JsNode, JsNode>): void {
  const open: JsNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    const below = childrenOf(node);
    for (const child of below) parents.set(child, node);
    for (const child of below.toReversed()) open.push(child);
  }
}

function childrenOf(node: JsNode): readonly JsNode[] {
  const found: JsNode[] = [];
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (typeof value !== 'object' || value === null || ignored.test(key)) continue;
    if (Array.isArray(value)) found.push(...value.filter(isNode));
    else if (isNode(value)) found.push(value);
  }
  // Keys are mostly in the order of the text already.
  return found.every((one, at) => at === 0 || (found[at - 1]?.start ?? 0) <= one.start)
    ? found
    : found.toSorted((a, b) => a.start - b.start);
}

const ignored = /^(loc|extra)$|Comments$/;

function isNode(value: unknown): value is JsNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Gives the node under a key. */
export function child(node: JsNode | undefined, key: string): JsNode | undefined {
  const value = node?.[key];
  return isNode(value) ? value : undefined;
}

/** Gives the nodes of a list under a key. */
export function list(node: JsNode | undefined, key: string): readonly JsNode[] {
  const value = node?.[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** Gives a text under a key: a name, an operator, a value. */
export function word(node: JsNode | undefined, key: string): string {
  const value = node?.[key];
  return typeof value === 'string' ? value : '';
}

export function spanOf({ start, end }: JsNode): Span {
  return { start, end };
}

const wrappers =
  /^(TSAsExpression|TSNonNullExpression|TSSatisfiesExpression|TSTypeAssertion|ParenthesizedExpression|TypeCastExpression|ChainExpression)$/;

/** Says whether a node only wraps an expression, without a value of its own. */
export function isWrapper(node: JsNode): boolean {
  return wrappers.test(node.type);
}

/** Gives the expression inside types, `!` and parentheses. */
export function unwrap(node: JsNode): JsNode {
  let at = node;
  while (isWrapper(at)) at = child(at, 'expression') ?? { ...at, type: 'Unknown' };
  return at;
}

/** Finds the nearest node above that a test accepts. */
export function above(ast: Ast, node: JsNode, test: (node: JsNode) => boolean): JsNode | undefined {
  for (let at = ast.parents.get(node); at !== undefined; at = ast.parents.get(at)) if (test(at)) return at;
  return undefined;
}

export function isFunction(node: JsNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(
    node.type,
  );
}
