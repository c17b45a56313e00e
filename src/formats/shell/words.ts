import type { Span } from '../../model/place.ts';
import { spanOf, textOf, type Node } from '../tree.ts';

/** Gives a word as the command gets it, quotes removed; expansions stay as they are written. */
export function unquote(node: Node, text: string): string {
  const raw = textOf(node, text);
  switch (node.type) {
    case 'word':
      return raw.replaceAll(/\\\r?\n/g, '').replaceAll(/\\(.)/g, '$1');
    case 'string':
      return raw
        .slice(1, -1)
        .replaceAll(/\\\r?\n/g, '')
        .replaceAll(/\\(["$`\\])/g, '$1');
    case 'raw_string':
      return raw.slice(1, -1);
    case 'ansi_c_string':
      return raw.slice(2, -1);
    case 'command_name':
    case 'concatenation':
      return node.children.map((child) => unquote(child, text)).join('');
    default:
      return raw;
  }
}

/** Gives the span of a word without the quotes that surround all of it. */
export function innerSpan(node: Node): Span {
  const only = node.type === 'command_name' ? (node.children[0] ?? node) : node;
  if (only.type === 'string' || only.type === 'raw_string')
    return { start: only.start + 1, end: only.end - 1 };
  if (only.type === 'ansi_c_string') return { start: only.start + 2, end: only.end - 1 };
  return spanOf(only);
}

/** Gives the span of what follows the first `from` characters of an unquoted word: the value in `--token=value`. */
export function tailSpan(node: Node, from: number, text: string): Span {
  if (from === 0) return innerSpan(node);
  const [first, second, ...rest] = node.children;
  if (node.type === 'concatenation' && first !== undefined && second !== undefined && rest.length === 0) {
    if (unquote(first, text).length === from) return innerSpan(second);
  }
  const span = innerSpan(node);
  return { start: Math.min(span.start + from, span.end), end: span.end };
}

/** Says whether a word is all literal: nothing in it is expanded. */
export function isLiteral(node: Node): boolean {
  if (/expansion|substitution|variable_name/.test(node.type)) return false;
  return node.children.every(isLiteral);
}
