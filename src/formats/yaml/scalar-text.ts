import type { Scalar } from 'yaml';
import type { Span } from '../../model/place.ts';
import { TextMapper, type MappedText } from '../mapped.ts';

/** Gives the raw value of a scalar in the text: without quotes, without the head of a block. */
export function scalarSpan(node: Scalar, text: string): Span {
  const [start, end] = node.range ?? [0, 0];
  if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') return { start: start + 1, end: end - 1 };
  if (!isBlock(node)) return { start, end };
  const body = text.indexOf('\n', start) + 1;
  if (body === 0 || body > end) return { start: end, end };
  return { start: body, end: body + text.slice(body, end).trimEnd().length };
}

export function isBlock(node: Scalar): boolean {
  return node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
}

/**
 * Gives a scalar's decoded text with the place of each character; `undefined` where our decoding and the parser's
 * differ, so that no offset is ever guessed.
 */
export function mapScalar(node: Scalar, text: string): MappedText | undefined {
  const mapped = isBlock(node) ? mapBlock(node, text) : mapFlow(node, text);
  return mapped.text.trimEnd() === String(node.value).trimEnd() ? mapped : undefined;
}

function mapBlock(node: Scalar, text: string): MappedText {
  const { start, end } = scalarSpan(node, text);
  const mapper = new TextMapper();
  const lines = linesIn(text, start, end);
  const indent = lines
    .map((line) => /^ *(?=\S)/.exec(text.slice(line.start, line.end))?.[0].length)
    .find((width) => width !== undefined);
  const cut = lines.map((line) => ({ start: Math.min(line.start + (indent ?? 0), line.end), end: line.end }));
  for (const [at, line] of cut.entries()) {
    mapper.copy(text, line.start, line.end);
    const next = cut[at + 1];
    if (next === undefined) break;
    const joint = node.type === 'BLOCK_FOLDED' ? jointOf(line, next, text) : '\n';
    mapper.add(joint, line.end, lines[at + 1]?.start ?? line.end);
  }
  return mapper.toText();
}

/** How a folded block joins two lines. */
function jointOf(line: Span, next: Span, text: string): string {
  const isIndented = (span: Span): boolean => /^[ \t]/.test(text.slice(span.start, span.end));
  if (isIndented(line) || isIndented(next) || line.start === line.end) return '\n';
  return next.start === next.end ? '' : ' ';
}

function mapFlow(node: Scalar, text: string): MappedText {
  const { start, end } = scalarSpan(node, text);
  const mapper = new TextMapper();
  const lines = linesIn(text, start, end);
  for (const [at, line] of lines.entries()) {
    const raw = text.slice(line.start, line.end);
    const from = at === 0 ? line.start : line.start + (raw.length - raw.trimStart().length);
    const to = at === lines.length - 1 ? line.end : line.start + raw.trimEnd().length;
    copyFlow(mapper, node, text, { start: from, end: to });
    const next = lines[at + 1];
    if (next === undefined) break;
    const isBlank = text.slice(next.start, next.end).trim() === '' && at + 1 < lines.length - 1;
    mapper.add(raw.trim() === '' && at > 0 ? '\n' : isBlank ? '' : ' ', to, next.start);
  }
  return mapper.toText();
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', e: '\u001B' };

function copyFlow(mapper: TextMapper, node: Scalar, text: string, span: Span): void {
  for (let at = span.start; at < span.end; at += 1) {
    const next = text.charAt(at + 1);
    const isPair =
      (node.type === 'QUOTE_DOUBLE' && text.charAt(at) === '\\') ||
      (node.type === 'QUOTE_SINGLE' && text.charAt(at) === "'" && next === "'");
    if (!isPair) {
      mapper.copy(text, at, at + 1);
      continue;
    }
    mapper.add(node.type === 'QUOTE_DOUBLE' ? (escapes[next] ?? next) : "'", at, at + 2);
    at += 1;
  }
}

function linesIn(text: string, start: number, end: number): readonly Span[] {
  const lines: Span[] = [];
  for (let at = start; ;) {
    const next = text.indexOf('\n', at);
    const stop = next === -1 || next >= end ? end : next;
    lines.push({ start: at, end: text.charAt(stop - 1) === '\r' && stop > at ? stop - 1 : stop });
    if (stop === end) return lines;
    at = stop + 1;
  }
}
