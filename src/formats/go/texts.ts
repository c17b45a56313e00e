import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { dotted, type Source } from './source.ts';

const depthLimit = 8;

type Next = (node: Node | undefined) => string | null;

/** Gives the text of an expression with `{}` for what is dynamic; null where all of it is. */
export function toText(node: Node | undefined, source: Source, depth = 0): string | null {
  if (node === undefined || depth > depthLimit) return null;
  const next: Next = (one) => toText(one, source, depth + 1);
  return texts[node.type]?.(node, next, source) ?? null;
}

const texts: Readonly<Record<string, (node: Node, next: Next, source: Source) => string | null>> = {
  interpreted_string_literal: (node, _next, { text }) => literalText(node, text),
  raw_string_literal: (node, _next, { text }) => literalText(node, text),
  int_literal: (node, _next, { text }) => textOf(node, text),
  true: () => 'true',
  false: () => 'false',
  parenthesized_expression: (node, next) => next(namedChildren(node)[0]),
  literal_element: (node, next) => next(namedChildren(node)[0]),
  identifier: (node, next, source) => next(source.init(node)),
  selector_expression: (node, next, source) => next(source.init(node)),
  binary_expression: sumText,
  call_expression: callText,
};

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Gives the value of a string literal. */
export function literalText(node: Node, text: string): string {
  const raw = textOf(node, text).slice(1, -1);
  if (node.type === 'raw_string_literal') return raw;
  return raw.replaceAll(/\\(.)/g, (_all, char: string) => escapes[char] ?? char);
}

function sumText(node: Node, next: Next, { text }: Source): string | null {
  if (textOf(field(node, 'operator'), text) !== '+') return null;
  const [left, right] = [next(field(node, 'left')), next(field(node, 'right'))];
  return left === null && right === null ? null : `${left ?? '{}'}${right ?? '{}'}`;
}

function callText(node: Node, next: Next, source: Source): string | null {
  const name = dotted(field(node, 'function'), source.text);
  const args = namedChildren(field(node, 'arguments') ?? node);
  if (/^fmt\.Sprintf?$/.test(name)) return formatText(args, next);
  if (name === 'url.JoinPath') {
    return args.map((one) => (next(one) ?? '{}').replace(/^\/|\/$/g, '')).join('/');
  }
  return /^(string|strings\.(TrimSpace|TrimRight|TrimSuffix))$/.test(name) ? next(args[0]) : null;
}

function formatText([format, ...values]: readonly Node[], next: Next): string | null {
  const text = next(format);
  if (text === null) return null;
  let at = 0;
  return text.replaceAll(/%[-+# 0-9.]*[a-zA-Z%]/g, (verb) => {
    if (verb === '%%') return '%';
    const value = next(values[at]);
    at += 1;
    return value ?? '{}';
  });
}

/** Gives the braces of a composite literal of named or keyed values that an expression is or stands for. */
export function toLiteral(node: Node | undefined, source: Source, depth = 0): Node | undefined {
  if (node === undefined || depth > depthLimit) return undefined;
  if (node.type === 'composite_literal') return field(node, 'body');
  if (node.type === 'literal_value') return node;
  if (node.type === 'unary_expression' || node.type === 'literal_element') {
    return toLiteral(namedChildren(node)[0], source, depth + 1);
  }
  return node.type === 'identifier' ? toLiteral(source.init(node), source, depth + 1) : undefined;
}
