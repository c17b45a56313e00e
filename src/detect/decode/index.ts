import type { Encoding } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { findEscaped, type Unescaped } from './escaped.ts';
import { findPacked, type Unwrapped } from './packed.ts';

/** Text that was written as other text within a file. */
export interface Layer {
  readonly text: string;
  /** How it was written, the outermost first. */
  readonly encodings: readonly Encoding[];
  /** The run of the file's text that stands for it. */
  readonly outer: Span;
  /** Gives the place in the file of a span of this text: base64 and hex are one whole, escapes are exact. */
  readonly toOuter: (span: Span) => Span;
}

const MOST_DEPTH = 3;
const MOST_LAYERS = 2000;
const MOST_CHARACTERS = 4_000_000;

/**
 * Decodes what is written in a text as base64, hex, percent or backslash escapes, and what is written in that. Of code
 * (`isCode`), quoted text within quoted text only on lines that a person may have written.
 */
export function decodeLayers(text: string, isCode = false): readonly Layer[] {
  const layers: Layer[] = [];
  const known = new Set<string>();
  let characters = 0;
  const look = (inner: string, above: Layer | undefined): void => {
    for (const layer of directLayers(inner, above, isCode)) {
      const key = `${layer.outer.start}:${layer.outer.end}:${layer.text.length}`;
      if (known.has(key)) continue;
      known.add(key);
      characters += layer.text.length;
      if (layers.length >= MOST_LAYERS || characters > MOST_CHARACTERS) return;
      layers.push(layer);
      if (layer.encodings.length < MOST_DEPTH) look(layer.text, layer);
    }
  };
  look(text, undefined);
  return layers;
}

function directLayers(text: string, above: Layer | undefined, isCode: boolean): readonly Layer[] {
  const outer = above?.toOuter ?? ((span: Span) => span);
  const encodings = above?.encodings ?? [];
  return [
    ...findPacked(text).map((found) => wholeLayer(found, encodings, outer)),
    ...findEscaped(text, isCode).map((found) => exactLayer(found, encodings, outer)),
  ];
}

function wholeLayer(found: Unwrapped, above: readonly Encoding[], toFile: Layer['toOuter']): Layer {
  const outer = toFile(found.span);
  return { text: found.text, encodings: [...above, found.encoding], outer, toOuter: () => outer };
}

function exactLayer(
  { text, encoding, placeOf }: Unescaped,
  above: readonly Encoding[],
  toFile: Layer['toOuter'],
): Layer {
  const toOuter = ({ start, end }: Span): Span => toFile({ start: placeOf(start), end: placeOf(end) });
  return { text, encodings: [...above, encoding], outer: toOuter({ start: 0, end: text.length }), toOuter };
}
