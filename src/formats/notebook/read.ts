import type { FileFacts } from '../../model/facts.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { parseJsonTree, mapString, valueOf, type Node } from '../json/tree.ts';
import { addScript, TextMapper, toFileSpan, type MappedText } from '../mapped.ts';
import { loadScriptReader } from '../shell/script.ts';
import type { ReadScript } from '../shell/script.ts';

type ReadCode = (text: string) => Promise<Draft>;

/** Reads the facts of a notebook: its cells of code, and what they printed. Throws `malformed` with the line. */
export async function readNotebook(text: string, path: string): Promise<Draft> {
  const draft = emptyDraft();
  const root = parseJsonTree(text, path);
  const read = await readerFor(root);
  const readScript = await loadScriptReader();
  for (const [at, cell] of (valueOf(root, 'cells')?.children ?? []).entries()) {
    const place = `cells[${at}]`;
    const source = joinLines(valueOf(cell, 'source'), text);
    if (valueOf(cell, 'cell_type')?.value === 'code') {
      const { code, commands } = splitMagics(source.text);
      addScript(draft, await read(code), source, `${place}.source`);
      addCalls(draft, await read(code), source);
      addScript(draft, magicFacts(readScript, commands), source, `${place}.source`);
    }
    await addOutputs(draft, valueOf(cell, 'outputs'), text, `${place}.outputs`);
  }
  return draft;
}

async function readerFor(root: Node | undefined): Promise<ReadCode> {
  const metadata = valueOf(root, 'metadata');
  const language =
    valueOf(valueOf(metadata, 'language_info'), 'name') ??
    valueOf(valueOf(metadata, 'kernelspec'), 'language');
  if (language !== undefined && !/^i?python/i.test(String(language.value))) return readStrings;
  const { parsePython } = await import('../python/document.ts');
  return async (code) => {
    const { facts } = await parsePython(code, 'cell.py');
    return toDraft(facts);
  };
}

function toDraft(facts: FileFacts): Draft {
  return {
    slots: [...facts.slots],
    uses: [...facts.uses],
    imports: [...facts.imports],
    calls: [...facts.calls],
    commands: [...facts.commands],
    listens: [],
  };
}

async function readStrings(text: string): Promise<Draft> {
  const { readCode } = await import('../code/read.ts');
  return readCode(text);
}

/** The lines of a text: one string, or a list of strings. */
function joinLines(node: Node | undefined, text: string): MappedText {
  const mapper = new TextMapper();
  for (const line of node?.type === 'array' ? (node.children ?? []) : node === undefined ? [] : [node]) {
    if (line.type !== 'string') continue;
    const { text: plain, starts, ends } = mapString(line, text);
    for (const [at, character] of plain.split('').entries())
      mapper.add(character, starts[at] ?? 0, ends[at] ?? 0);
  }
  return mapper.toText();
}

/** `!curl …` is a command, `%env X=…` sets a variable; Python sees comments in their place. */
function splitMagics(source: string): { readonly code: string; readonly commands: string } {
  const isMagic = /^[ \t]*(?:[%!]{1,2})/;
  const lines = source.split('\n');
  return {
    code: lines.map((line) => (isMagic.test(line) ? `#${line.slice(1)}` : line)).join('\n'),
    commands: lines
      .map((line) => {
        if (!isMagic.test(line)) return ' '.repeat(line.length);
        return line.replace(/^[ \t]*(?:%env[ \t]|[%!]{1,2}(?:env|export|bash|sh)?)/, (all) =>
          ' '.repeat(all.length),
        );
      })
      .join('\n'),
  };
}

function magicFacts(readScript: ReadScript, commands: string): Draft {
  return commands.trim() === '' ? emptyDraft() : readScript(commands);
}

function addCalls(draft: Draft, code: Draft, source: MappedText): void {
  draft.calls.push(
    ...code.calls.map((call) => ({
      ...call,
      span: toFileSpan(source, call.span),
      args: call.args.map((arg) => ({ ...arg, span: toFileSpan(source, arg.span) })),
    })),
  );
}

/** What was printed: `text` of a stream, `text/plain` of a result. */
async function addOutputs(
  draft: Draft,
  outputs: Node | undefined,
  text: string,
  place: string,
): Promise<void> {
  for (const [at, output] of (outputs?.children ?? []).entries()) {
    for (const node of [valueOf(output, 'text'), valueOf(valueOf(output, 'data'), 'text/plain')]) {
      const printed = joinLines(node, text);
      if (printed.text === '') continue;
      addScript(draft, await readStrings(printed.text), printed, `${place}[${at}]`);
      addLines(draft, printed, `${place}[${at}]`);
    }
  }
}

/** `NAME=value` on a line of its own, as `env` prints it. */
function addLines(draft: Draft, printed: MappedText, place: string): void {
  for (const match of printed.text.matchAll(
    /^[ \t]{0,20}([A-Za-z_][\w.-]{1,80})[ \t]{0,4}[=:][ \t]{0,4}([^\s"']{8,500})$/gm,
  )) {
    const end = match.index + match[0].length;
    const span = toFileSpan(printed, { start: end - (match[2] ?? '').length, end });
    const entry = toFileSpan(printed, { start: match.index, end });
    draft.slots.push({
      path: `${place}.${match[1] ?? ''}`,
      name: match[1] ?? '',
      value: match[2] ?? '',
      span,
      entry,
    });
  }
}
