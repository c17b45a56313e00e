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
  const bare = pattern.replace(/\/$/, '');
  const anchored = bare.includes('/');
  const segments = bare
    .replace(/^\//, '')
    .split('/')
    .filter((segment, at, all) => segment !== '**' || all[at - 1] !== '**');
  return reachesEnd(anchored ? segments : ['**', ...segments], path.split('/'), pattern.endsWith('/'));
}

/**
 * Walks the path once, with the set of places in the pattern that it may be at: no pattern can blow it up. A
 * pattern that names a folder owns all below it, but `docs/*` owns only what lies directly in it.
 */
function reachesEnd(segments: readonly string[], parts: readonly string[], folderOnly: boolean): boolean {
  let states = skipStars(new Set([0]), segments);
  for (const [index, part] of parts.entries()) {
    const next = new Set<number>();
    for (const at of states) {
      const segment = segments[at] ?? '';
      if (segment === '**') next.add(at);
      else if (matchesSegment(segment, part)) next.add(at + 1);
    }
    states = skipStars(next, segments);
    const isLast = index === parts.length - 1;
    if (states.has(segments.length) && owns(segments, isLast, folderOnly)) return true;
    states.delete(segments.length);
  }
  return segments.at(-1) === '**' && states.has(segments.length - 1);
}

function owns(segments: readonly string[], isLast: boolean, folderOnly: boolean): boolean {
  if (isLast) return !folderOnly && segments.at(-1) !== '**';
  return segments.at(-1) !== '*' || folderOnly || (segments.length === 2 && segments[0] === '**');
}

/** `**` may stand for no folder at all, but not at the end: there it stands for what lies in the folder. */
function skipStars(states: ReadonlySet<number>, segments: readonly string[]): Set<number> {
  const all = new Set(states);
  for (const at of all) if (segments[at] === '**' && at < segments.length - 1) all.add(at + 1);
  return all;
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
