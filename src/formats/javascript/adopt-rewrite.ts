import type { Edit, Span } from '../../model/place.ts';
import { cutItem, ownLines } from '../cut.ts';
import type { Adoption, Exposed, Given } from '../types.ts';
import { child, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { dotted } from './names.ts';
import type { Bindings } from './texts.ts';

/** A rewrite of one file while it is worked out. */
export interface Rewrite {
  readonly ast: Ast;
  readonly bindings: Bindings;
  readonly target: Adoption;
  /** Names that the inserted code uses, and the file's quote. */
  readonly agentName: string;
  readonly quote: string;
  readonly edits: Edit[];
  /** What nothing reads any more. */
  readonly removed: Set<JsNode>;
  /** Nodes already followed, so that each is changed once. */
  readonly seen: Set<JsNode>;
  /** Objects already followed, with the paths below which they hold the secret. */
  readonly held: Map<JsNode, Set<string>>;
  /** Parameters that hold the secret, and the arguments that give it. */
  readonly parameters: Map<JsNode, Handed>;
  readonly given: Set<JsNode>;
  readonly gives: Given[];
  /** What other files may read of this one, below which the secret lay. */
  readonly exposes: Exposed[];
  /** Types of other files that must lose the key of the secret. */
  readonly types: Exposed[];
  /** Fields of `this` that go and that other code could read. */
  readonly openFields: Set<string>;
  /** Functions that became asynchronous. */
  readonly lifted: Map<JsNode, string>;
  /** Requests that wait for their token, and the name of the header in them. */
  readonly chained: Map<JsNode, string>;
  /** Conditional expressions of which one side is left. */
  readonly decided: Set<JsNode>;
  /** Functions that only give the secret back, with the statements that do. */
  readonly returning: Map<JsNode, Set<JsNode>>;
  /** The reads of the secret that are rewritten. */
  readonly reading: ReadonlySet<JsNode>;
  hasHeader: boolean;
  hasClient: boolean;
}

/** A parameter of a function or class of this file. */
export interface Handed {
  readonly name: string;
  readonly index: number;
  /** The keys below it, where it is an object that holds the secret. */
  readonly path?: readonly string[];
}

export interface Refused {
  readonly refused: string;
  readonly at: Span;
}

export function refuse(node: JsNode, refused: string): Refused {
  return { refused, at: spanOf(node) };
}

/** Gives the property that a header stands in, with its object; nothing where it stands elsewhere. */
export function headersAround(
  { ast }: Rewrite,
  value: JsNode,
): { readonly property: JsNode; readonly headers: JsNode } | undefined {
  const property = ast.parents.get(value);
  if (property?.type !== 'ObjectProperty') return undefined;
  const headers = ast.parents.get(property);
  return headers?.type === 'ObjectExpression' ? { property, headers } : undefined;
}

/** Gives the arguments of a call of the helper: the resource and its scopes. */
export function helperArguments({ target, quote }: Rewrite): string {
  const scopes = target.scopes.map((scope) => `${quote}${scope}${quote}`).join(', ');
  const resource = `${quote}${target.resource}${quote}`;
  return target.scopes.length === 0 ? resource : `${resource}, [${scopes}]`;
}

/** Cuts what nothing reads any more; a declaration goes whole when all of it does, what it loads stays. */
export function toRemovals(rewrite: Rewrite, reason: string): readonly Edit[] {
  const whole = new Set<JsNode>();
  const spans: Span[] = [];
  const kept: Edit[] = [];
  for (const node of rewrite.removed) {
    const at = wholeOf(rewrite, node);
    if (whole.has(at)) continue;
    whole.add(at);
    const loading = loadingOf(rewrite, at);
    if (loading === undefined) spans.push(cutOf(rewrite, at));
    else kept.push({ ...loading, reason });
  }
  return [...merge(spans).map((span) => ({ span, text: '', reason })), ...kept];
}

/** An import keeps what else it brings in, and that it is loaded at all. */
function loadingOf({ ast, removed }: Rewrite, node: JsNode): Omit<Edit, 'reason'> | undefined {
  if (node.type === 'ImportDeclaration') {
    const left = list(node, 'specifiers').filter((one) => !removed.has(one));
    const text = (one: JsNode): string => ast.text.slice(one.start, one.end);
    const named = left.filter((one) => one.type === 'ImportSpecifier').map(text);
    const first = left.filter((one) => one.type !== 'ImportSpecifier').map(text);
    const clause = [...first, ...(named.length > 0 ? [`{ ${named.join(', ')} }`] : [])].join(', ');
    const lead = word(node, 'importKind') === 'type' ? 'import type' : 'import';
    const end = child(node, 'source')?.start ?? node.end;
    return { span: { start: node.start, end }, text: clause === '' ? `${lead} ` : `${lead} ${clause} from ` };
  }
  const [only, more] = list(node, 'declarations');
  const init = child(only, 'init');
  if (init === undefined || more !== undefined || !dotted(init).startsWith('require()')) return undefined;
  return { span: { start: node.start, end: init.start }, text: '' };
}

/** Widens a property or declarator to its pattern and statement where nothing else of that is left. */
function wholeOf(rewrite: Rewrite, node: JsNode): JsNode {
  const parent = rewrite.ast.parents.get(node);
  if (parent === undefined) return node;
  if (parent.type === 'ObjectPattern' && allGone(rewrite, list(parent, 'properties'))) {
    return wholeOf(rewrite, rewrite.ast.parents.get(parent) ?? parent);
  }
  if (parent.type === 'VariableDeclaration') {
    const declarators = list(parent, 'declarations');
    const isWhole = declarators.every((one) => one === node || isGone(rewrite, one));
    return isWhole ? wholeOf(rewrite, parent) : node;
  }
  if (parent.type === 'ExportNamedDeclaration') {
    const specifiers = list(parent, 'specifiers');
    return specifiers.length === 0 || allGone(rewrite, specifiers) ? parent : node;
  }
  return parent.type === 'ImportDeclaration' ? parent : node;
}

function allGone(rewrite: Rewrite, nodes: readonly JsNode[]): boolean {
  return nodes.every((one) => rewrite.removed.has(one));
}

function isGone(rewrite: Rewrite, declarator: JsNode): boolean {
  const id = child(declarator, 'id');
  return (
    rewrite.removed.has(declarator) ||
    (id?.type === 'ObjectPattern' && allGone(rewrite, list(id, 'properties')))
  );
}

function cutOf({ ast }: Rewrite, node: JsNode): Span {
  const parent = ast.parents.get(node);
  const items = siblings(node, parent);
  const index = items.indexOf(node);
  if (index !== -1) {
    return cutItem(ast.text, items.map(spanOf), index) ?? spanOf(node);
  }
  return ownLines(ast.text, spanOf(node)) ?? spanOf(node);
}

/** The list with commas that a node is an item of. */
function siblings(node: JsNode, parent: JsNode | undefined): readonly JsNode[] {
  const own = parent?.type === 'TSInterfaceBody' ? ['body'] : [];
  for (const key of ['properties', 'declarations', 'arguments', 'params', 'specifiers', 'members', ...own]) {
    const items = list(parent, key);
    if (items.includes(node)) return items;
  }
  return [];
}

function merge(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else merged.push(span);
  }
  return merged;
}
