import type { Span } from '../model/place.ts';
import type { Draft } from './draft.ts';

/** A decoded text that knows where in its file each of its characters stands. */
export interface MappedText {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Collects a decoded text, character by character. */
export class TextMapper {
  #text = '';
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Adds characters that stand for one range of the file. */
  add(text: string, start: number, end: number): void {
    this.#text += text;
    for (let at = 0; at < text.length; at += 1) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  /** Adds a range of the file as it is. */
  copy(source: string, start: number, end: number): void {
    this.#text += source.slice(start, end);
    for (let at = start; at < end; at += 1) {
      this.#starts.push(at);
      this.#ends.push(at + 1);
    }
  }

  toText(): MappedText {
    return { text: this.#text, starts: this.#starts, ends: this.#ends };
  }
}

/** Leaves out the first characters of a decoded text. */
export function withoutLead({ text, starts, ends }: MappedText, length: number): MappedText {
  return { text: text.slice(length), starts: starts.slice(length), ends: ends.slice(length) };
}

/** Gives the range of the file for a span of the decoded text. */
export function toFileSpan(mapped: MappedText, { start, end }: Span): Span {
  const from = mapped.starts[start] ?? mapped.ends.at(-1) ?? 0;
  return { start: from, end: end > start ? (mapped.ends[end - 1] ?? from) : from };
}

/** Adds the facts of a script that stands in one slot of a file. */
export function addScript(draft: Draft, script: Draft, mapped: MappedText, slot: string): void {
  const move = (span: Span): Span => toFileSpan(mapped, span);
  draft.uses.push(...script.uses.map((use) => ({ ...use, span: move(use.span), slot })));
  draft.commands.push(...script.commands.map((one) => ({ ...one, span: move(one.span), slot })));
  draft.imports.push(...script.imports.map((one) => ({ ...one, span: move(one.span) })));
  draft.slots.push(
    ...script.slots.map((one) => ({
      ...one,
      path: `${slot}.${one.path}`,
      span: move(one.span),
      entry: move(one.entry),
    })),
  );
}
