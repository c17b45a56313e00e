import type { CodeownersRule } from './types.ts';

/** Where GitHub looks for it, in this order; the first that exists counts. */
export const codeownersPaths: readonly string[] = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/**
 * Parses a CODEOWNERS file. Lines that GitHub ignores are left out: those with `!`, a character range, or an
 * escaped `#`.
 *
 * @see https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
export function parseCodeowners(text: string): readonly CodeownersRule[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .flatMap((line, at) => toRule(line, at + 1));
}

/** Finds the rule that says who owns a file: the last that matches. */
export function ownerRule(rules: readonly CodeownersRule[], path: string): CodeownersRule | undefined {
  return rules.findLast((rule) => matchesPath(rule.pattern, path));
}

/** Says whether a pattern of CODEOWNERS matches a path: as in .gitignore, with a few parts taken away. */
export function matchesPath(pattern: string, path: string): boolean {
  const anchored = pattern.replace(/\/$/, '').includes('/');
  const folderOnly = pattern.endsWith('/');
  const segments = pattern.replace(/^\//, '').replace(/\/$/, '').split('/');
  const parts = path.split('/');
  const starts = anchored ? [0] : parts.map((_, at) => at);
  return starts.some((start) => matchesFrom(segments, parts.slice(start), folderOnly));
}

/** A pattern that names a folder owns all below it, but `docs/*` owns only what lies directly in it. */
function matchesFrom(segments: readonly string[], parts: readonly string[], folderOnly: boolean): boolean {
  const [segment, ...rest] = segments;
  if (segment === undefined) return !folderOnly || parts.length > 0;
  if (segment === '**') {
    if (rest.length === 0) return parts.length > 0;
    return parts.some((_, at) => matchesFrom(rest, parts.slice(at), folderOnly));
  }
  const [part, ...below] = parts;
  if (part === undefined || !matchesSegment(segment, part)) return false;
  if (rest.length > 0) return matchesFrom(rest, below, folderOnly);
  if (below.length === 0) return !folderOnly;
  return segment !== '*' || folderOnly;
}

function matchesSegment(pattern: string, text: string): boolean {
  // Two pointers with one way back: linear in practice, and no pattern of a hostile repository can blow it up.
  const symbols = toSymbols(pattern);
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length;) {
    const symbol = symbols[at];
    if (symbol !== undefined && symbol.any === 'one') {
      at += 1;
      index += 1;
    } else if (symbol !== undefined && symbol.any === 'many') {
      star = at;
      resume = index;
      at += 1;
    } else if (symbol !== undefined && symbol.literal === text[index]) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  return symbols.slice(at).every((symbol) => symbol.any === 'many');
}

interface Symbol {
  readonly any?: 'one' | 'many';
  readonly literal?: string;
}

function toSymbols(pattern: string): readonly Symbol[] {
  const symbols: Symbol[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '*') symbols.push({ any: 'many' });
    else if (character === '?') symbols.push({ any: 'one' });
    else if (character === '\\' && at + 1 < pattern.length)
      symbols.push({ literal: pattern[(at += 1)] ?? '' });
    else symbols.push({ literal: character });
  }
  return symbols;
}

function toRule(line: string, number: number): readonly CodeownersRule[] {
  const words = toWords(line);
  const [pattern, ...owners] = words;
  if (pattern === undefined || /^!|^\\#|\[.*\]/.test(pattern)) return [];
  return [{ line: number, pattern, owners: owners.filter((owner) => owner.includes('@')) }];
}

/** Splits at white space that is not escaped; `#` at the start of a word begins a comment. */
function toWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:\\.|[^\s\\])+/gu)) {
    if (word.startsWith('#')) break;
    words.push(words.length === 0 ? word.replaceAll('\\ ', ' ') : word);
  }
  return words;
}
