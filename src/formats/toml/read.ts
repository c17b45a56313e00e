import { parseTOML, ParseError, type AST } from 'toml-eslint-parser';
import { AgentIdError } from '../../model/error.ts';
import type { Span } from '../../model/place.ts';
import { nameArgument } from '../argument.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { joinKey } from '../key-path.ts';
import { lineOf } from '../lines.ts';
import { withoutLead, type MappedText } from '../mapped.ts';
import { addValue, replaced } from '../value.ts';

interface Reading {
  readonly text: string;
  readonly draft: Draft;
}

interface Spot {
  readonly path: string;
  readonly name: string;
  readonly entry: Span;
}

/** Reads the facts of a TOML file. Throws `malformed` with the line. */
export function readToml(text: string, path: string): Draft {
  const reading = { text, draft: emptyDraft() };
  for (const item of parse(text, path).body[0].body) {
    if (item.type === 'TOMLKeyValue') readPair(reading, item, '');
    else {
      const table = item.resolvedKey.reduce<string>(
        (above, key) => (typeof key === 'number' ? `${above}[${key}]` : joinKey(above, key)),
        '',
      );
      readTable(reading, item.body, table);
    }
  }
  return reading.draft;
}

function parse(text: string, path: string): AST.TOMLProgram {
  try {
    // A blank in place of a byte order mark keeps every offset.
    return parseTOML(text.replace(/^\uFEFF/, ' '));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new AgentIdError('malformed', 'this is not TOML', {
      where: `${path}:${lineOf(text, error.index)}`,
      cause: error,
    });
  }
}

function readTable(reading: Reading, pairs: readonly AST.TOMLKeyValue[], path: string): void {
  for (const pair of pairs) readPair(reading, pair, path);
  addCommand(reading, pairs, path);
}

function readPair(reading: Reading, { key, value, range }: AST.TOMLKeyValue, above: string): void {
  const keys = key.keys.map((one) => (one.type === 'TOMLBare' ? one.name : one.value));
  const path = keys.reduce(joinKey, above);
  const name = keys.at(-1) ?? '';
  readValue(reading, value, { path, name, entry: toSpan(range) });
}

function readValue(reading: Reading, node: AST.TOMLContentNode, spot: Spot): void {
  if (node.type === 'TOMLInlineTable') readTable(reading, node.body, spot.path);
  else if (node.type === 'TOMLArray') {
    for (const [at, item] of node.elements.entries()) {
      const path = `${spot.path}[${at}]`;
      if (item.type !== 'TOMLValue' || item.kind !== 'string') readValue(reading, item, { ...spot, path });
      else addItem(reading, item, node.elements[at - 1], { ...spot, path });
    }
  } else if (node.kind === 'string') addString(reading, node, spot, 0);
}

/** An element of a list may be the value of the flag before it. */
function addItem(
  reading: Reading,
  node: AST.TOMLStringValue,
  before: AST.TOMLContentNode | undefined,
  spot: Spot,
): void {
  const previous = before?.type === 'TOMLValue' && before.kind === 'string' ? before : undefined;
  const named = nameArgument(previous?.value, node.value);
  const start = named?.joined === true && previous !== undefined ? previous.range[0] : node.range[0];
  const entry = { start, end: node.range[1] };
  addString(reading, node, { ...spot, entry, name: named?.name ?? spot.name }, named?.from ?? 0);
}

function addString(reading: Reading, node: AST.TOMLStringValue, spot: Spot, from: number): void {
  const whole = mapString(reading.text, node);
  const mapped = withoutLead(whole, from);
  const inner = innerSpan(reading.text, node);
  const span = { start: from === 0 ? inner.start : (mapped.starts[0] ?? inner.end), end: inner.end };
  addValue(reading.draft, { ...spot, span, mapped });
  addNamedVariable(reading.draft, spot, node.value, span);
}

/** Codex names the variable that holds a token: `bearer_token_env_var = "X"`, `env_http_headers = { H = "X" }`. */
function addNamedVariable(draft: Draft, { path, name }: Spot, value: string, span: Span): void {
  if (!/env_var$|(^|\.)env_http_headers[.[]/.test(path) && !/(^|\.)env_vars\[\d+\]$/.test(path)) return;
  if (!/^[A-Za-z_]\w*$/.test(value)) return;
  draft.uses.push({ name: value, store: 'env', span, slot: path, as: name });
}

function innerSpan(text: string, node: AST.TOMLStringValue): Span {
  const [start, end] = node.range;
  const marks = node.multiline ? 3 : 1;
  const lead = node.multiline
    ? (/^\r?\n/.exec(text.slice(start + marks, start + marks + 2))?.[0].length ?? 0)
    : 0;
  return { start: start + marks + lead, end: end - marks };
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
};

function mapString(text: string, node: AST.TOMLStringValue): MappedText {
  const span = innerSpan(text, node);
  if (node.style === 'literal') return replaced(text, span, /(?!)/g, (all) => all);
  const pattern = /\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ \t]*\r?\n\s*|[\s\S])/g;
  return replaced(text, span, pattern, (all) => {
    if (/^\\[uU]/.test(all)) return String.fromCodePoint(Number.parseInt(all.slice(2), 16));
    return /^\\\s/.test(all) ? '' : (escapes[all.charAt(1)] ?? all.charAt(1));
  });
}

/** `command` with `args` starts a program: an MCP server. */
function addCommand({ draft }: Reading, pairs: readonly AST.TOMLKeyValue[], path: string): void {
  const command = valueOf(pairs, 'command');
  const args = valueOf(pairs, 'args');
  if (command?.type !== 'TOMLValue' || command.kind !== 'string') return;
  const words = args?.type === 'TOMLArray' ? args.elements.flatMap((one) => stringOf(one) ?? []) : [];
  const env = valueOf(pairs, 'env');
  const variables = env?.type === 'TOMLInlineTable' ? env.body : [];
  draft.commands.push({
    argv: [command.value, ...words],
    env: variables.flatMap(({ key, value }) => {
      const [name] = key.keys;
      return name === undefined
        ? []
        : [`${name.type === 'TOMLBare' ? name.name : name.value}=${stringOf(value) ?? ''}`];
    }),
    span: { start: command.range[0] + 1, end: command.range[1] - 1 },
    slot: joinKey(path, 'command'),
  });
}

function valueOf(pairs: readonly AST.TOMLKeyValue[], name: string): AST.TOMLContentNode | undefined {
  return pairs.find(
    ({ key: { keys } }) => keys.length === 1 && keys[0]?.type === 'TOMLBare' && keys[0].name === name,
  )?.value;
}

function stringOf(node: AST.TOMLContentNode): string | undefined {
  return node.type === 'TOMLValue' && node.kind === 'string' ? node.value : undefined;
}

function toSpan([start, end]: AST.Range): Span {
  return { start, end };
}
