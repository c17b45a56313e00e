/** One verb, or verb below a verb, as a shell completes it. */
export interface CommandShape {
  /** The words that lead to it, with single spaces; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly OptionShape[];
  readonly argument: ValueShape;
}

export interface OptionShape {
  /** `--format`, and `-C` where it has a short form. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** What follows it; null where nothing does. */
  readonly value: ValueShape | null;
}

/** What may stand at a place: one of some words, a file, or what only the person knows. */
export type ValueShape =
  { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'file' | 'free' };

/** Quotes a text for a shell of the Bourne family. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Gives the first sentence of a description, on one line. */
export function brief(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replace(/[.:;] .*$/, '')
    .replace(/\.$/, '');
}

/** Lists, for each command, the flags after which a value is a word of its own. */
export function valueFlags({ options }: CommandShape): readonly string[] {
  return options.filter(({ value }) => value !== null).flatMap(({ flags }) => flags);
}
