import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { AgentIdError } from '../../model/error.ts';
import type { Span } from '../../model/place.ts';
import { lineOf } from '../lines.ts';
import { TextMapper, type MappedText } from '../mapped.ts';

export type { Node } from 'jsonc-parser';

/** Parses JSON, with comments and trailing commas. Throws `malformed` with the line. */
export function parseJsonTree(text: string, path: string): Node | undefined {
  const errors: ParseError[] = [];
  // The parser takes no byte order mark; a blank in its place keeps every offset.
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined) return root;
  throw new AgentIdError('malformed', `this is not JSON (${printParseErrorCode(error.error)})`, {
    where: `${path}:${lineOf(text, error.offset)}`,
  });
}

export function nodeSpan(node: Node): Span {
  return { start: node.offset, end: node.offset + node.length };
}

/** Gives the value of a scalar without its quotes. */
export function innerSpan(node: Node): Span {
  const { start, end } = nodeSpan(node);
  return node.type === 'string' ? { start: start + 1, end: end - 1 } : { start, end };
}

/** Gives a property's value by key. */
export function valueOf(node: Node | undefined, key: string): Node | undefined {
  if (node?.type !== 'object') return undefined;
  return node.children?.find((property) => property.children?.[0]?.value === key)?.children?.[1];
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** Decodes a string and keeps the place of each character. */
export function mapString(node: Node, text: string): MappedText {
  const { start, end } = innerSpan(node);
  const mapper = new TextMapper();
  for (let at = start; at < end; at += 1) {
    if (text.charAt(at) !== '\\') {
      mapper.copy(text, at, at + 1);
      continue;
    }
    const next = text.charAt(at + 1);
    const length = next === 'u' ? 6 : 2;
    const char =
      next === 'u'
        ? String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16))
        : (escapes[next] ?? next);
    mapper.add(char, at, at + length);
    at += length - 1;
  }
  return mapper.toText();
}
