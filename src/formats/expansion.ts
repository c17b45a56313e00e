import type { Span } from '../model/place.ts';

/** One `$X`, `${X}` or `${X:-default}` in a text. */
export interface Expansion {
  readonly name: string;
  readonly span: Span;
  /** The default's own text, where one is given. */
  readonly fallback: Span | undefined;
}

interface Options {
  /** Whether `$X` without braces counts. */
  readonly bare: boolean;
  /** Prefix inside the braces that some editors take: `${env:X}`. */
  readonly prefix?: string;
}

/** Finds the expansions in a text, those in defaults too. `$$` and `\$` stand for a plain dollar sign. */
export function findExpansions(text: string, options: Options): readonly Expansion[] {
  const found: Expansion[] = [];
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) {
    if (text.charAt(at + 1) === '$') at += 1;
    else if (text.charAt(at - 1) !== '\\') {
      const expansion = text.charAt(at + 1) === '{' ? braced(text, at, options) : bare(text, at, options);
      if (expansion !== undefined) found.push(expansion);
    }
  }
  return found;
}

function bare(text: string, at: number, options: Options): Expansion | undefined {
  if (!options.bare) return undefined;
  const name = nameAt(text, at + 1);
  if (name === '') return undefined;
  return { name, span: { start: at, end: at + 1 + name.length }, fallback: undefined };
}

function braced(text: string, at: number, { prefix = '' }: Options): Expansion | undefined {
  const nameStart = text.startsWith(prefix, at + 2) ? at + 2 + prefix.length : at + 2;
  const name = nameAt(text, nameStart);
  const afterName = nameStart + name.length;
  const end = closingBrace(text, afterName);
  if (name === '' || end === -1) return undefined;
  const operator = /^:?[-=]/.exec(text.slice(afterName, afterName + 2))?.[0];
  if (operator === undefined && !/^([}?+#%/^,@]|:[?+\d ])/.test(text.slice(afterName, afterName + 2)))
    return undefined;
  return {
    name,
    span: { start: at, end: end + 1 },
    fallback: operator === undefined ? undefined : { start: afterName + operator.length, end },
  };
}

function nameAt(text: string, at: number): string {
  return /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(at, at + 200))?.[0] ?? '';
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length && text.charAt(at) !== '\n'; at += 1) {
    if (text.charAt(at) === '{') depth += 1;
    if (text.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
