import { isMap, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Edit, Span } from '../../model/place.ts';
import { isBlank, lineEndAt, lineStartAt, nextLineAt } from '../lines.ts';
import { entrySpan } from './leaf.ts';
import type { Holder } from './walk.ts';

/** Some items of a map or a list. */
export interface Items {
  readonly holder: Holder;
  readonly from: number;
  readonly to: number;
}

/**
 * Takes items out of their map or list; `undefined` where that cannot be done by cutting lines. The last item of a
 * block takes its parent along, because a key without a value means something else.
 */
export function cutItems(text: string, items: Items, reason: string): Edit | undefined {
  const { holder, from, to } = items;
  const { node, up } = holder;
  const isAll = from === 0 && to === node.items.length - 1;
  if (node.flow === true) return cutFlow(text, items, reason);
  if (isAll && up !== undefined) {
    return cutItems(text, { holder: up.holder, from: up.index, to: up.index }, reason);
  }
  const span = trimmed(text, entrySpan(holder, from, to));
  if (text.slice(span.start, span.end).match(/(^|\s)&\S/) !== null) return undefined;
  const lineStart = lineStartAt(text, span.start);
  const before = text.slice(lineStart, span.start);
  const isFirst = isMap(node) && from === 0 && /^\s*(-\s+)+$/.test(before);
  if (isFirst) return cutFirst(holder, to, span, reason);
  if (!(isMap(node) ? /^[ \t]*$/ : /^[ \t]*-[ \t]+$/).test(before)) return undefined;
  const end = lineEndAt(text, span.end);
  if (!/^[ \t]*(#.*)?$/.test(text.slice(span.end, end))) return undefined;
  return { span: { start: lineStart, end: nextLineAt(text, end) }, text: '', reason };
}

/** `- a: 1` with `b: 2` below becomes `- b: 2`. */
function cutFirst({ node }: Holder, to: number, span: Span, reason: string): Edit | undefined {
  if (to + 1 >= node.items.length) return undefined;
  const next = startOf(node, to + 1);
  return { span: { start: span.start, end: next }, text: '', reason };
}

function cutFlow(text: string, { holder, from, to }: Items, reason: string): Edit {
  const { node } = holder;
  const span = entrySpan(holder, from, to);
  if (to + 1 < node.items.length) {
    return { span: { start: span.start, end: startOf(node, to + 1) }, text: '', reason };
  }
  if (from > 0) {
    const start = entrySpan(holder, from - 1, from - 1).end;
    return { span: { start, end: span.end }, text: '', reason };
  }
  const end = isBlank(text, span.end, span.end + 1) ? span.end + 1 : span.end;
  return { span: { start: span.start, end }, text: '', reason };
}

function startOf(node: YAMLMap | YAMLSeq, index: number): number {
  return entrySpan({ node, path: '', key: null, up: undefined }, index, index).start;
}

/** A block scalar's range takes the blank lines behind it along. */
export function trimmed(text: string, { start, end }: Span): Span {
  return { start, end: start + text.slice(start, end).trimEnd().length };
}
