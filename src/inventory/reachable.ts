import type { SourceFile } from './types.ts';

/** One function of a file: its name, its lines (from 1, end exclusive), and whether something else may call it. */
interface Routine {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
}

/**
 * Finds the lines of library files that a script never runs: functions whose name nothing it runs mentions. A list
 * of all files is not what a script needs: `list-apps` must not get what another method of the same class needs.
 *
 * Python only, where indentation says what belongs to a function. Decorated and special methods always count.
 */
export function unreachedLines(
  entries: readonly SourceFile[],
  libraries: readonly SourceFile[],
): (path: string, line: number) => boolean {
  const routines = new Map(libraries.map((source) => [source.facts.path, routinesOf(source)] as const));
  const all = [...routines].flatMap(([path, list]) => list.map((routine) => ({ path, routine })));
  const words = wordsIn(entries.map((source) => source.text).join('\n'));
  for (const source of libraries) addWords(words, outside(source, routines.get(source.facts.path) ?? []));
  const reached = new Set<Routine>();
  for (let grown = true; grown;) {
    grown = false;
    for (const { path, routine } of all) {
      if (reached.has(routine) || !(routine.open || words.has(routine.name))) continue;
      reached.add(routine);
      addWords(words, linesOf(libraries, path, routine));
      grown = true;
    }
  }
  const unreached = all.filter(({ routine }) => !reached.has(routine));
  return (path, line) =>
    unreached.some(({ path: own, routine }) => own === path && line >= routine.start && line < routine.end);
}

/** Functions at the top and methods of classes; what is nested in one belongs to it. */
function routinesOf(source: SourceFile): readonly Routine[] {
  if (source.facts.format !== 'python') return [];
  const lines = source.text.split('\n');
  const found: Routine[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const match = /^( *)(?:async )?def (\w+)/.exec(lines[at] ?? '');
    if (match === null) continue;
    const [, indent = '', name = ''] = match;
    const end = endOf(lines, at, indent.length);
    const decorated = /^\s*@/.test(lines[at - 1] ?? '');
    found.push({ name, start: at + 1, end: end + 1, open: decorated || name.startsWith('__') });
    at = end - 1;
  }
  return found;
}

/** The first line after the head that is indented no deeper, blank lines and closing brackets of the head aside. */
function endOf(lines: readonly string[], head: number, indent: number): number {
  for (let at = head + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || /^\s*[)\]]/.test(line)) continue;
    if ((/^ */.exec(line)?.[0].length ?? 0) <= indent) return at;
  }
  return lines.length;
}

function outside(source: SourceFile, routines: readonly Routine[]): string {
  // What runs only when the file itself is started does not run on import.
  const started = /^if __name__\b[^\n]*\n(?:[ \t][^\n]*(?:\n|$)|\n)*/gm;
  const lines = source.text.replace(started, (block) => block.replaceAll(/[^\n]/g, '')).split('\n');
  return lines.filter((_, at) => !routines.some((one) => at + 1 >= one.start && at + 1 < one.end)).join('\n');
}

function linesOf(libraries: readonly SourceFile[], path: string, routine: Routine): string {
  const text = libraries.find((source) => source.facts.path === path)?.text ?? '';
  // Without the head: a function does not reach itself by its own name.
  return text
    .split('\n')
    .slice(routine.start, routine.end - 1)
    .join('\n');
}

function wordsIn(text: string): Set<string> {
  const words = new Set<string>();
  addWords(words, text);
  return words;
}

function addWords(words: Set<string>, text: string): void {
  for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) words.add(word);
}
