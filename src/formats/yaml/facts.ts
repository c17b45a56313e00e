import { isMap, isSeq, type Scalar } from 'yaml';
import { emptyDraft, type Draft } from '../draft.ts';
import { fromBase64, innerSlots, mayHaveParts, wholeOf } from '../inner.ts';
import { addScript, withoutLead } from '../mapped.ts';
import type { ReadScript } from '../shell/script.ts';
import { addCommands } from './commands.ts';
import { isScriptKey, type YamlKind } from './kind.ts';
import { toSlot, type YamlSlot } from './leaf.ts';
import { addComposeReads, addSecretReads } from './references.ts';
import { mapScalar, scalarSpan } from './scalar-text.ts';
import { maskExpressions, readsIn } from './uses.ts';
import { pairOf, stringOf, walk, type Leaf } from './walk.ts';

/** What reading a document needs. */
export interface Reading {
  readonly text: string;
  readonly kind: YamlKind;
  readonly readScript: ReadScript;
  readonly draft: Draft;
  readonly slots: YamlSlot[];
}

export function newReading(text: string, kind: YamlKind, readScript: ReadScript): Reading {
  return { text, kind, readScript, draft: emptyDraft(), slots: [] };
}

/** Reads one document of a file. `path` is empty, or the document's index. */
export function readDocument(reading: Reading, contents: unknown, path: string): void {
  walk(contents, path, {
    holder: (holder) => {
      if (reading.kind !== 'workflow') addCommands(reading, holder);
      if (reading.kind === 'kubernetes') addSecretReads(reading.draft, holder);
    },
    leaf: (leaf) => addLeaf(reading, leaf),
  });
}

function addLeaf(reading: Reading, leaf: Leaf): void {
  const slot = toSlot(leaf, reading.text);
  const isSecret = reading.kind === 'kubernetes' && isSecretData(leaf);
  const plain = isSecret ? fromBase64(slot.value) : undefined;
  if (plain === undefined) reading.slots.push(slot);
  else addDecoded(reading.draft, slot, plain);
  if (reading.kind === 'compose') addComposeReads(reading.draft, leaf, slot);
  if (leaf.value === null) return;
  if (isScript(reading, leaf) && addScriptOf(reading, leaf, leaf.value)) return;
  if (plain === undefined) addParts(reading, leaf.value, slot);
  const as = handedOnAs(leaf, slot);
  for (const read of readsIn(reading.kind, reading.text, scalarSpan(leaf.value, reading.text), leaf.key)) {
    reading.draft.uses.push({ ...read, slot: leaf.path, ...(as === null ? {} : { as }) });
  }
}

/** The values of a Secret's `data` are base64. */
function isSecretData({ holder }: Leaf): boolean {
  const above = holder.up?.holder.node;
  return holder.key === 'data' && stringOf(above, 'kind') === 'Secret';
}

function addDecoded(draft: Draft, { path, name, span, entry }: YamlSlot, value: string): void {
  const slot = { path, name, value, span, entry, encoding: 'base64' as const };
  draft.slots.push(slot, ...innerSlots(slot, wholeOf(value, span)));
}

function addParts(
  { text, draft }: Reading,
  node: Scalar,
  { path, name, value, span, entry }: YamlSlot,
): void {
  const mapped = mayHaveParts({ path, name, value, span, entry }) ? mapScalar(node, text) : undefined;
  if (mapped === undefined || !mapped.text.endsWith(value)) return;
  const own = withoutLead(mapped, mapped.text.length - value.length);
  draft.slots.push(...innerSlots({ path, name, value, span, entry }, own));
}

/** A plain item of a list hands nothing on under a name, unless the list is one of variables. */
function handedOnAs(leaf: Leaf, slot: YamlSlot): string | null {
  if (leaf.key === 'run' || leaf.key === 'if') return null;
  const isVariable = /^(environment|env|variables|with)$/.test(leaf.key ?? '');
  return isVariable || slot.shape !== 'item' ? slot.name : null;
}

function isScript({ kind }: Reading, leaf: Leaf): boolean {
  const { holder, key } = leaf;
  if (key === null || !isScriptKey(kind, key)) return false;
  if (kind === 'workflow') {
    const shell = stringOf(holder.node, 'shell');
    return isMap(holder.node) && (shell === undefined || /\b(ba)?sh\b/.test(shell));
  }
  if (isMap(holder.node)) return key !== 'args' && !isSeq(pairOf(holder.node, 'args')?.value);
  // The words of a command are a list too; a list of scripts has words with blanks.
  return /script$|^commands$/.test(key);
}

function addScriptOf(reading: Reading, leaf: Leaf, value: Scalar): boolean {
  const mapped = mapScalar(value, reading.text);
  if (mapped === undefined) return false;
  const script =
    reading.kind === 'workflow'
      ? reading.readScript(mapped.text, maskExpressions(mapped.text))
      : reading.readScript(mapped.text);
  addScript(reading.draft, script, mapped, leaf.path);
  if (reading.kind === 'workflow') {
    const span = scalarSpan(value, reading.text);
    for (const read of readsIn('workflow', reading.text, span, leaf.key)) {
      reading.draft.uses.push({ ...read, slot: leaf.path });
    }
  }
  return true;
}
