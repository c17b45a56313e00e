import {
  DockerfileParser,
  JSONInstruction,
  PropertyInstruction,
  type Instruction,
  type Property,
} from 'dockerfile-ast';
import type { Slot } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { toLineStarts } from '../../lib/text.ts';
import { lineStartAt } from '../lines.ts';
import { addScript, TextMapper, type MappedText } from '../mapped.ts';
import type { ReadScript } from '../shell/script.ts';

type Range = NonNullable<ReturnType<Instruction['getRange']>>;

/** A slot with the instruction that it stands in. */
export interface DockerSlot extends Slot {
  readonly instruction: Span;
  readonly keyword: string;
  /** Whether it is the only one of its instruction. */
  readonly isOnly: boolean;
}

interface Reading {
  readonly text: string;
  readonly draft: Draft;
  readonly slots: DockerSlot[];
  readonly readScript: ReadScript;
  readonly toSpan: (range: Range) => Span;
}

/** Reads the facts of a Dockerfile. */
export function dockerFacts(
  text: string,
  readScript: ReadScript,
): { readonly draft: Draft; readonly slots: readonly DockerSlot[] } {
  const starts = toLineStarts(text);
  const toSpan = ({ start, end }: Range): Span => ({
    start: (starts[start.line] ?? 0) + start.character,
    end: (starts[end.line] ?? 0) + end.character,
  });
  const reading: Reading = { text, draft: emptyDraft(), slots: [], readScript, toSpan };
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof PropertyInstruction) addProperties(reading, instruction);
    if (/^(RUN|CMD|ENTRYPOINT)$/.test(instruction.getKeyword())) addCommand(reading, instruction);
    else addReads(reading, instruction);
  }
  return reading;
}

function addProperties(reading: Reading, instruction: PropertyInstruction): void {
  const keyword = instruction.getKeyword();
  if (keyword === 'LABEL') return;
  const properties = instruction.getProperties();
  const span = reading.toSpan(instruction.getRange());
  for (const property of properties) {
    const slot = toSlot(reading, property);
    reading.slots.push({ ...slot, keyword, instruction: span, isOnly: properties.length === 1 });
    if (keyword === 'ARG' && property.getValueRange() === null) {
      // A build argument is handed in from outside under its name.
      const at = reading.toSpan(property.getNameRange());
      reading.draft.uses.push({ name: slot.path, store: 'env', span: at, slot: slot.path, as: slot.path });
    }
  }
}

function toSlot({ text, toSpan }: Reading, property: Property): Slot {
  const name = property.getName();
  const entry = toSpan(property.getRange());
  const range = property.getValueRange();
  const whole = range === null ? { start: entry.end, end: entry.end } : toSpan(range);
  const quote = /^["']/.exec(text.slice(whole.start, whole.end))?.[0];
  const isQuoted = quote !== undefined && whole.end - whole.start > 1 && text.charAt(whole.end - 1) === quote;
  const span = isQuoted ? { start: whole.start + 1, end: whole.end - 1 } : whole;
  return { path: name, name, value: property.getValue() ?? '', span, entry };
}

function addReads({ draft, toSpan }: Reading, instruction: Instruction): void {
  const properties = instruction instanceof PropertyInstruction ? instruction.getProperties() : [];
  for (const variable of instruction.getVariables()) {
    const span = toSpan(variable.getRange());
    const holder = properties.find((one) => contains(toSpan(one.getRange()), span));
    const name = holder?.getName();
    // The name that ENV or ARG sets counts as a variable of theirs.
    if (holder !== undefined && toSpan(holder.getNameRange()).start === span.start) continue;
    draft.uses.push({
      name: variable.getName(),
      store: 'env',
      span,
      ...(name === undefined ? {} : { slot: name, as: name }),
    });
  }
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}

function addCommand(reading: Reading, instruction: Instruction): void {
  const range = instruction.getArgumentsRange();
  if (range === null) return;
  const slot = instruction.getKeyword();
  addMountedSecrets(reading, instruction);
  const words = instruction instanceof JSONInstruction ? instruction.getJSONStrings() : [];
  if (words.length > 0) {
    const spans = words.map((one) => reading.toSpan(one.getRange()));
    const span = { start: spans[0]?.start ?? 0, end: spans.at(-1)?.end ?? 0 };
    const argv = words.map((one) => one.getJSONValue());
    reading.draft.commands.push({ argv, env: [], span, slot });
    return;
  }
  const mapped = mapScript(reading.text, afterFlags(reading.text, reading.toSpan(range)));
  addScript(reading.draft, reading.readScript(mapped.text), mapped, slot);
}

function afterFlags(text: string, span: Span): Span {
  const flags = /^(?:--[a-z]+=(?:"[^"]*"|\S)*(?:[ \t]|\\\r?\n)+)*/.exec(text.slice(span.start, span.end));
  return { start: span.start + (flags?.[0].length ?? 0), end: span.end };
}

/** Comment lines may stand between the lines of one instruction: for the shell they are not there. */
function mapScript(text: string, span: Span): MappedText {
  const mapper = new TextMapper();
  for (const match of text.slice(span.start, span.end).matchAll(/[^\n]*(?:\n|$)/g)) {
    const start = span.start + match.index;
    const isComment = /^[ \t]*#/.test(match[0]) && lineStartAt(text, start) === start;
    if (!isComment && match[0] !== '') mapper.copy(text, start, start + match[0].length);
  }
  return mapper.toText();
}

/** `RUN --mount=type=secret,id=X` reads a secret of the build. */
function addMountedSecrets({ text, draft, toSpan }: Reading, instruction: Instruction): void {
  const { start, end } = toSpan(instruction.getRange());
  for (const match of text.slice(start, end).matchAll(/--mount=type=secret,[^\s]*?\bid=([\w.-]+)/g)) {
    const span = { start: start + match.index, end: start + match.index + match[0].length };
    draft.uses.push({ name: match[1] ?? '', store: 'compose-secret', span, slot: 'RUN' });
  }
}
