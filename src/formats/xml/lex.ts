import type { Span } from '../../model/place.ts';

/** One attribute; the span is that of the value without its quotes. */
export interface Attribute {
  readonly name: string;
  readonly span: Span;
  readonly entry: Span;
}

/** One piece of an XML text. Comments, declarations and instructions are left out. */
export type Token =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: readonly Attribute[];
      readonly span: Span;
      readonly closed: boolean;
    }
  | { readonly kind: 'close'; readonly name: string; readonly span: Span }
  | { readonly kind: 'text'; readonly span: Span; readonly raw: boolean };

const passedOver: readonly (readonly [string, string])[] = [
  ['<!--', '-->'],
  ['<?', '?>'],
];

/**
 * Reads the pieces of an XML text, as far as it is one: what is open at the end is left out.
 *
 * @yields one tag or text
 */
export function* lexXml(text: string): Generator<Token, void> {
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const end = next === -1 ? text.length : next;
    if (end > at) yield { kind: 'text', span: { start: at, end }, raw: false };
    if (next === -1) return;
    if (text.startsWith('<![CDATA[', next)) {
      const stop = text.indexOf(']]>', next);
      const inner = { start: next + 9, end: stop === -1 ? text.length : stop };
      yield { kind: 'text', span: inner, raw: true };
      at = inner.end + 3;
      continue;
    }
    const passed = passOver(text, next);
    if (passed !== undefined) {
      at = passed;
      continue;
    }
    const tag = tagAt(text, next);
    if (tag !== undefined) yield tag;
    at = tag?.span.end ?? next + 1;
  }
}

function passOver(text: string, at: number): number | undefined {
  for (const [open, close] of passedOver) {
    if (!text.startsWith(open, at)) continue;
    const end = text.indexOf(close, at + open.length);
    return end === -1 ? text.length : end + close.length;
  }
  if (!text.startsWith('<!', at)) return undefined;
  const end = text.indexOf('>', at);
  return end === -1 ? text.length : end + 1;
}

const head = /<(\/?)([A-Za-z_][\w:.-]{0,200})/y;
const attribute = /\s*([A-Za-z_:][\w:.-]{0,200})\s{0,20}=\s{0,20}(?:"([^"<]*)"|'([^'<]*)')/y;
const tail = /\s*(\/?)>/y;

function tagAt(text: string, start: number): Token | undefined {
  head.lastIndex = start;
  const [all, slash, name = ''] = head.exec(text) ?? [];
  if (all === undefined) return undefined;
  let at = start + all.length;
  const attributes: Attribute[] = [];
  for (;;) {
    attribute.lastIndex = at;
    const found = attribute.exec(text);
    if (found === null) break;
    const value = found[2] ?? found[3] ?? '';
    at += found[0].length;
    const lead = found[0].length - found[0].trimStart().length;
    attributes.push({
      name: found[1] ?? '',
      span: { start: at - 1 - value.length, end: at - 1 },
      entry: { start: found.index + lead, end: at },
    });
  }
  tail.lastIndex = at;
  const closing = tail.exec(text);
  if (closing === null) return undefined;
  const span = { start, end: at + closing[0].length };
  return slash === '/'
    ? { kind: 'close', name, span }
    : { kind: 'open', name, attributes, span, closed: closing[1] === '/' };
}
