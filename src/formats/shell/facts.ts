import type { Span } from '../../model/place.ts';
import { nameArgument } from '../argument.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { above, field, spanOf, textOf, visit, type Node } from '../tree.ts';
import { innerSpan, tailSpan, unquote } from './words.ts';

/** Parses a script that stands inside another one: `sh -c '…'`. */
type Parse = (text: string) => Node;

/** Reads the facts of a script. Spans are offsets in the script. */
export function shellFacts(root: Node, text: string, parse: Parse): Draft {
  const draft = emptyDraft();
  const derived = derivedNames(root, text);
  visit(root, (node) => {
    if (node.type === 'variable_assignment') addAssignment(draft, node, text);
    else if (node.type === 'command') addCommand(draft, node, text, parse);
    else if (node.type === 'simple_expansion' || node.type === 'expansion')
      addUse(draft, node, text, derived);
  });
  return draft;
}

/**
 * Names that the script itself makes out of something else: reading them reads no variable of the environment.
 * `X=${X:-…}` and a constant in capitals still do.
 */
function derivedNames(root: Node, text: string): ReadonlySet<string> {
  const names = new Set<string>();
  visit(root, (node) => {
    if (node.type === 'for_statement') names.add(textOf(field(node, 'variable'), text));
    if (node.type !== 'variable_assignment' || above(node, isCommand) !== undefined) return;
    const name = textOf(field(node, 'name'), text);
    const value = field(node, 'value');
    const read: string[] = [];
    if (value !== undefined) visit(value, (one) => readsName(one) && void read.push(textOf(one, text)));
    const isComputed = value !== undefined && (read.length > 0 || value.type === 'command_substitution');
    if (!read.includes(name) && (isComputed || !/^[A-Z][A-Z0-9_]*$/.test(name))) names.add(name);
  });
  return names;
}

function isCommand(node: Node): boolean {
  return node.type === 'command';
}

function readsName(node: Node): boolean {
  return node.type === 'variable_name' && node.parent?.type.endsWith('expansion') === true;
}

function addAssignment(draft: Draft, node: Node, text: string): void {
  const name = textOf(field(node, 'name'), text);
  const value = field(node, 'value');
  if (value === undefined || /^(array|command_substitution|process_substitution)$/.test(value.type)) return;
  draft.slots.push({
    path: name,
    name,
    value: unquote(value, text),
    span: innerSpan(value),
    entry: entryOf(node, text),
  });
}

/** A statement goes whole, with its `export`; one of several, or one before a command, goes with its blank. */
function entryOf(node: Node, text: string): Span {
  const { parent } = node;
  const isOnly = parent?.children.filter((child) => child.named).length === 1;
  if (parent?.type === 'declaration_command' && isOnly) return spanOf(parent);
  if (parent?.type !== 'command' && parent?.type !== 'declaration_command') return spanOf(node);
  const blanks = /^[ \t]+/.exec(text.slice(node.end))?.[0].length ?? 0;
  return { start: node.start, end: node.end + blanks };
}

function addCommand(draft: Draft, node: Node, text: string, parse: Parse): void {
  const name = field(node, 'name');
  if (name === undefined) return;
  const words = [name, ...node.children.filter((child) => child.field === 'argument')];
  const argv = words.map((word) => unquote(word, text));
  const env = node.children
    .filter((child) => child.type === 'variable_assignment')
    .map((one) => textOf(one, text));
  draft.commands.push({ argv, env, span: { start: name.start, end: words.at(-1)?.end ?? name.end } });
  addArguments(draft, words, argv, text);
  const [program = '', file] = argv;
  if ((program === '.' || program === 'source') && file !== undefined) {
    draft.imports.push({ module: file, names: [], span: spanOf(node) });
  }
  const script = /(^|\/)(ba|z|da|k)?sh$/.test(program) ? words[argv.indexOf('-c') + 1] : undefined;
  if (argv.includes('-c') && script !== undefined) addInner(draft, script, text, parse);
}

function addArguments(draft: Draft, words: readonly Node[], argv: readonly string[], text: string): void {
  for (const [at, word] of words.entries()) {
    const named = at === 0 ? undefined : nameArgument(argv[at - 1], argv[at] ?? '');
    if (named === undefined) continue;
    const start = named.joined ? (words[at - 1]?.start ?? word.start) : word.start;
    draft.slots.push({
      path: `${argv[0] ?? ''}(${named.name})`,
      name: named.name,
      value: (argv[at] ?? '').slice(named.from),
      span: tailSpan(word, named.from, text),
      entry: { start, end: word.end },
    });
  }
}

/** Only a text without escapes has the offsets of the script around it. */
function addInner(draft: Draft, word: Node, text: string, parse: Parse): void {
  const span = innerSpan(word);
  const inner = text.slice(span.start, span.end);
  if (word.type !== 'raw_string' || inner !== unquote(word, text)) return;
  const facts = shellFacts(parse(inner), inner, parse);
  const move = (one: Span): Span => ({ start: one.start + span.start, end: one.end + span.start });
  draft.commands.push(...facts.commands.map((one) => ({ ...one, span: move(one.span) })));
  draft.uses.push(...facts.uses.map((one) => ({ ...one, span: move(one.span) })));
  draft.slots.push(...facts.slots.map((one) => ({ ...one, span: move(one.span), entry: move(one.entry) })));
}

function addUse(draft: Draft, node: Node, text: string, derived: ReadonlySet<string>): void {
  const named = node.children.find((child) => child.type === 'variable_name');
  const name = textOf(named, text);
  if (name === '' || derived.has(name)) return;
  const assignment = above(node, (one) => /^(variable_assignment|command|string_command)$/.test(one.type));
  const target =
    assignment?.type === 'variable_assignment' ? textOf(field(assignment, 'name'), text) : undefined;
  const handsOn =
    assignment?.parent?.type === 'command' || /^export\b/.test(textOf(assignment?.parent, text));
  draft.uses.push({
    name,
    store: 'env',
    span: spanOf(node),
    ...(target === undefined ? {} : { binding: target }),
    ...(target !== undefined && handsOn ? { as: target } : {}),
  });
  addFallback(draft, node, name, text);
}

/** The default in `${X:-default}` is a value that the script holds. */
function addFallback(draft: Draft, node: Node, name: string, text: string): void {
  const operator = node.children.find((child) => /^:?[-=]$/.test(child.type));
  const value = operator && node.children.find((child) => child.start >= operator.end && child.type !== '}');
  if (value === undefined || !/^(word|string|raw_string|number|concatenation)$/.test(value.type)) return;
  draft.slots.push({
    path: name,
    name,
    value: unquote(value, text),
    span: innerSpan(value),
    entry: spanOf(node),
  });
}
