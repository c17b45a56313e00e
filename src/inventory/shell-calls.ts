import type { Command } from '../model/facts.ts';
import { toLine } from '../model/place.ts';
import { baseOf } from './paths.ts';
import type { Reach } from './reach.ts';
import { isForeignHost, isPublicPath, toRestPath, toVerb } from './rest-text.ts';
import type { ScopeTable, SourceFile } from './types.ts';

/** Finds the operations that a file's commands call with curl, wget or HTTPie. `within` limits them to a key path. */
export function shellCalls(
  source: SourceFile,
  table: ScopeTable,
  within: (command: Command) => boolean,
): readonly Reach[] {
  const urls = variables(source);
  return source.facts.commands.filter(within).flatMap((command) => {
    const program = baseOf(command.argv.find((word) => /(^|\/)(curl|wget|https?|xh)$/.test(word)) ?? '');
    if (program === '') return [];
    const words = command.argv.map((word) => expand(word, urls));
    const at = words.findIndex((word) => toRestPath(word) !== undefined && !isHeader(word));
    const found = at === -1 ? undefined : toRestPath(words[at] ?? '');
    if (found === undefined || isForeignHost(found.before) || isPublicPath(found.path)) return [];
    const method = methodOf(command.argv, program);
    const line = toLine(source.facts.lineStarts, wordOffset(command, command.argv[at] ?? '', source.text));
    const operation = table.byPath(method, found.path) ?? null;
    return [
      {
        path: source.facts.path,
        line,
        call: `${method} ${found.path}`,
        operation,
        why: operation === null ? `no operation ${method} ${found.path} is described` : null,
      },
    ];
  });
}

function isHeader(word: string): boolean {
  return /^[\w-]+:\s/.test(word);
}

/** `URL="$OKTA_ORG_URL/api/v1/users"`: variables of the script that hold a path. */
function variables(source: SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const slot of source.facts.slots) {
    if (slot.name !== null && toRestPath(slot.value) !== undefined) found.set(slot.name, slot.value);
  }
  return found;
}

function expand(word: string, values: ReadonlyMap<string, string>): string {
  return word.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => values.get(name) ?? whole);
}

function wordOffset(command: Command, word: string, text: string): number {
  const piece = word.replace(/^.*?(?=\/(?:api|oauth2|governance))/, '').slice(0, 24);
  const at = text.slice(command.span.start, command.span.end).indexOf(piece);
  return command.span.start + Math.max(at, 0);
}

function methodOf(argv: readonly string[], program: string): string {
  const named = argv.flatMap((word, at) => {
    if (/^(-X|--request|--method)$/.test(word)) return toVerb(argv[at + 1] ?? null) ?? [];
    return toVerb(/^(?:-X|--request=|--method=)(\w+)$/.exec(word)?.[1] ?? null) ?? [];
  });
  if (named[0] !== undefined) return named[0];
  if (/^(https?|xh)$/.test(program)) return argv.flatMap((word) => toVerb(word) ?? [])[0] ?? 'GET';
  if (argv.some((word) => /^(-G|--get)$/.test(word))) return 'GET';
  if (argv.some((word) => /^(-I|--head)$/.test(word))) return 'HEAD';
  if (argv.some((word) => /^(-T|--upload-file)$/.test(word))) return 'PUT';
  return argv.some((word) =>
    /^(-d|-F|--data|--data-\w+|--json|--form|--post-data|--post-file)($|=)/.test(word),
  )
    ? 'POST'
    : 'GET';
}
