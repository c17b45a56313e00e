import type { Slot } from '../../model/facts.ts';
import { nameArgument } from '../argument.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { findExpansions, type Expansion } from '../expansion.ts';
import { innerSlots, mayHaveParts, wordSlots } from '../inner.ts';
import { addScript, withoutLead } from '../mapped.ts';
import { joinKey } from '../key-path.ts';
import type { ReadScript } from '../shell/script.ts';
import { innerSpan, mapString, nodeSpan, valueOf, type Node } from './tree.ts';

/** A slot with what its edits need. */
export interface JsonSlot extends Slot {
  readonly node: Node;
  /** The property or element that goes with it, the last where there are two: `"--token", "…"`. */
  readonly item: Node;
  /** The element before, where that belongs to it. */
  readonly flag: Node | undefined;
}

interface Reading {
  readonly text: string;
  readonly isManifest: boolean;
  readonly readScript: ReadScript | undefined;
  readonly draft: Draft;
  readonly slots: JsonSlot[];
}

interface Spot {
  readonly path: string;
  readonly name: string | null;
  readonly item: Node;
  readonly before: Node | undefined;
}

/** Reads the facts of a JSON file. `readScript` is needed for `package.json` only. */
export function jsonFacts(
  root: Node | undefined,
  text: string,
  path: string,
  readScript: ReadScript | undefined,
): { readonly draft: Draft; readonly slots: readonly JsonSlot[] } {
  const isManifest = /(^|\/)package\.json$/.test(path);
  const reading: Reading = { text, isManifest, readScript, draft: emptyDraft(), slots: [] };
  if (root !== undefined) readNode(reading, root, { path: '', name: null, item: root, before: undefined });
  return reading;
}

function readNode(reading: Reading, node: Node, spot: Spot): void {
  if (node.type === 'object') {
    addCommand(reading, node, spot.path);
    for (const item of node.children ?? []) readProperty(reading, node, item, spot.path);
  } else if (node.type === 'array') {
    for (const [at, item] of (node.children ?? []).entries()) {
      const path = `${spot.path}[${at}]`;
      readNode(reading, item, { path, name: spot.name, item, before: node.children?.[at - 1] });
    }
  } else {
    addSlot(reading, node, spot);
  }
}

function readProperty(reading: Reading, node: Node, item: Node, above: string): void {
  const [key, value] = item.children ?? [];
  if (key === undefined || value === undefined) return;
  const own = String(key.value);
  const name = /^value$/i.test(own) ? (labelOf(node) ?? own) : (own === 'default' && promptOf(node)) || own;
  readNode(reading, value, { path: joinKey(above, own), name, item, before: undefined });
}

/** `{ "name": "X", "value": "…" }` names its value. */
function labelOf(node: Node): string | undefined {
  const label = ['name', 'key', 'Name', 'Key']
    .map((key) => valueOf(node, key))
    .find((one) => one?.type === 'string');
  return label === undefined ? undefined : String(label.value);
}

/** `{ "type": "promptString", "id": "X", "password": true, "default": "…" }` asks for X, and may say what it is. */
function promptOf(node: Node): string | undefined {
  const id = valueOf(node, 'id');
  if (id?.type !== 'string' || valueOf(node, 'type')?.type !== 'string') return undefined;
  const name = String(id.value);
  // What is typed unseen is a secret, whatever it is called.
  const isUnseen = valueOf(node, 'password')?.value === true && !/key|token|secret|pass/i.test(name);
  return isUnseen ? `${name}-secret` : name;
}

function addSlot(reading: Reading, node: Node, spot: Spot): void {
  const slot = toSlot(node, spot, reading.text);
  reading.slots.push(slot);
  if (node.type !== 'string') return;
  if (reading.isManifest && /^scripts\.[^.[]+$|^scripts\["/.test(spot.path) && reading.readScript) {
    const mapped = mapString(node, reading.text);
    addScript(reading.draft, reading.readScript(mapped.text), mapped, spot.path);
    return;
  }
  addParts(reading, node, slot);
  addReads(reading, node, slot, node.parent?.type === 'property' || slot.name !== spot.name);
}

function addParts({ text, draft }: Reading, node: Node, slot: JsonSlot): void {
  const { path, name, value, span, entry } = slot;
  if (name === 'envFile' || name === 'env_file') draft.imports.push({ module: value, names: [], span });
  if (!mayHaveParts(slot)) return;
  const mapped = mapString(node, text);
  const own = withoutLead(mapped, mapped.text.length - value.length);
  draft.slots.push(...innerSlots({ path, name, value, span, entry }, own));
  if (/^(command|cmd)$/.test(slot.path.split('.').at(-1) ?? ''))
    draft.slots.push(...wordSlots({ path, name, value, span, entry }, own));
}

function addReads({ text, draft }: Reading, node: Node, slot: JsonSlot, isNamed: boolean): void {
  const span = innerSpan(node);
  const raw = text.slice(span.start, span.end);
  for (const found of [...findExpansions(raw, { bare: false, prefix: 'env:' }), ...bracedReads(raw)]) {
    draft.uses.push({
      name: found.name,
      store: 'env',
      span: { start: span.start + found.span.start, end: span.start + found.span.end },
      slot: slot.path,
      ...(isNamed && slot.name !== null ? { as: slot.name } : {}),
    });
  }
}

/** `{env:X}`, as opencode writes it. */
function bracedReads(raw: string): readonly Pick<Expansion, 'name' | 'span'>[] {
  if (!raw.includes('{env:')) return [];
  return [...raw.matchAll(/(?<!\$)\{env:([A-Za-z_]\w{0,100})\}/g)].map(({ 0: all, 1: name = '', index }) => ({
    name,
    span: { start: index, end: index + all.length },
  }));
}

function toSlot(node: Node, { path, name, item, before }: Spot, text: string): JsonSlot {
  const span = innerSpan(node);
  const value = node.type === 'string' ? String(node.value) : text.slice(span.start, span.end);
  const base = { path, name, value, span, entry: nodeSpan(item), node, item, flag: undefined };
  if (item !== node || node.type !== 'string') return base;
  const named = nameArgument(before?.type === 'string' ? String(before.value) : undefined, value);
  if (named === undefined) return base;
  const start = mapString(node, text).starts[named.from] ?? span.end;
  const flag = named.joined ? before : undefined;
  return {
    ...base,
    name: named.name,
    value: value.slice(named.from),
    span: { start, end: span.end },
    entry: { start: flag?.offset ?? item.offset, end: nodeSpan(item).end },
    flag,
  };
}

/** `command` with `args` starts a program: an MCP server, a task. */
function addCommand({ draft }: Reading, node: Node, path: string): void {
  const command = valueOf(node, 'command');
  const args = valueOf(node, 'args');
  if (command?.type !== 'string' || (args !== undefined && args.type !== 'array')) return;
  if (args === undefined && valueOf(node, 'env') === undefined && !/ervers\b/.test(path)) return;
  const words = (args?.children ?? []).filter((one) => one.type === 'string');
  const env = (valueOf(node, 'env')?.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key === undefined ? [] : [`${String(key.value)}=${String(value?.value ?? '')}`];
  });
  draft.commands.push({
    argv: [command, ...words].map((one) => String(one.value)),
    env,
    span: innerSpan(command),
    slot: joinKey(path, 'command'),
  });
}
