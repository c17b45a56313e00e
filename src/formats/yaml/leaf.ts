import { isMap, isScalar, isSeq, type Scalar, type YAMLSeq } from 'yaml';
import type { Slot } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { nameArgument } from '../argument.ts';
import { mapScalar, scalarSpan } from './scalar-text.ts';
import { pairOf, stringOf, type Holder, type Leaf } from './walk.ts';

/** How an entry is written: `key: value`, `- item`, `- NAME=value`, `- name: NAME` with `value:` below. */
export type Shape = 'pair' | 'item' | 'assignment' | 'named';

/** A slot with what its edits need. */
export interface YamlSlot extends Slot {
  readonly leaf: Leaf;
  readonly shape: Shape;
  /** What goes with it: the holder and the indexes of its items there. */
  readonly owner: { readonly holder: Holder; readonly from: number; readonly to: number };
}

/** Makes the slot of one scalar. */
export function toSlot(leaf: Leaf, text: string): YamlSlot {
  const { holder, index, value, path } = leaf;
  const variable = variableOf(leaf);
  const base = {
    leaf,
    path,
    name: leaf.key,
    value: value === null ? '' : valueOf(value),
    span: value === null ? emptySpan(leaf, text) : scalarSpan(value, text),
    shape: isMap(holder.node) ? ('pair' as const) : ('item' as const),
    owner: { holder, from: index, to: index },
  };
  const entry = entrySpan(holder, index, index);
  if (variable?.up !== undefined) {
    const owner = { holder: variable.up.holder, from: variable.up.index, to: variable.up.index };
    const name = leaf.key === 'name' ? 'name' : (stringOf(variable.node, 'name') ?? leaf.key);
    return { ...base, name, shape: 'named', owner, entry: entrySpan(owner.holder, owner.from, owner.to) };
  }
  if (value === null || isMap(holder.node)) return { ...base, entry };
  return { ...base, entry, ...itemParts(leaf, value, text, base.value) };
}

/** `KEY:` has no value yet: it would stand behind the colon. */
function emptySpan({ holder, index }: Leaf, text: string): Span {
  const span = entrySpan(holder, index, index);
  const colon = isMap(holder.node) ? text.indexOf(':', span.start) + 1 : span.end;
  return { start: Math.max(span.start, colon), end: Math.max(span.start, colon) };
}

/** The item of a list of variables that a value belongs to: `- name: X` with `value` or `valueFrom` below. */
function variableOf({ holder, key, path }: Leaf): Holder | undefined {
  const inner = path.endsWith('.valueFrom.secretKeyRef.key') ? holder.up?.holder.up?.holder : undefined;
  const isVariable =
    key === 'name' && (pairOf(holder.node, 'value') ?? pairOf(holder.node, 'valueFrom')) !== undefined;
  const item = key === 'value' || isVariable ? holder : inner;
  if (item?.up === undefined || !isSeq(item.up.holder.node)) return undefined;
  return stringOf(item.node, 'name') === undefined ? undefined : item;
}

function itemParts(leaf: Leaf, value: Scalar, text: string, whole: string): Partial<YamlSlot> {
  const { holder, index, key } = leaf;
  const items = (holder.node as YAMLSeq).items;
  const before = items[index - 1];
  const previous = isScalar(before) ? String(before.value) : undefined;
  const named = nameArgument(previous, whole);
  if (named === undefined) {
    if (key !== 'environment' || !/^[A-Za-z_]\w*$/.test(whole)) return {};
    const end = scalarSpan(value, text).end;
    return { name: whole, value: '', span: { start: end, end }, shape: 'assignment' };
  }
  const from = named.joined ? index - 1 : index;
  const mapped = mapScalar(value, text);
  const span = scalarSpan(value, text);
  return {
    name: named.name,
    value: whole.slice(named.from),
    span: mapped === undefined ? span : { start: mapped.starts[named.from] ?? span.end, end: span.end },
    shape: whole.charAt(named.from - 1) === '=' ? 'assignment' : 'item',
    owner: { holder, from, to: index },
    entry: entrySpan(holder, from, index),
  };
}

/** Gives the text from the first to the last of some items of a map or list. */
export function entrySpan({ node }: Holder, from: number, to: number): Span {
  const [first, last] = [node.items[from], node.items[to]];
  return { start: startOf(first), end: endOf(last) };
}

interface Ranged {
  readonly range?: readonly [number, number, number] | null;
}

function startOf(item: unknown): number {
  const pair = item as { readonly key?: unknown };
  const node = 'key' in (pair as object) ? pair.key : item;
  return (node as Ranged).range?.[0] ?? 0;
}

function endOf(item: unknown): number {
  const pair = item as { readonly key?: unknown; readonly value?: unknown };
  if (!('key' in (pair as object))) return (item as Ranged).range?.[1] ?? 0;
  const value = (pair.value as Ranged | null)?.range?.[1];
  return value ?? (pair.key as Ranged).range?.[1] ?? 0;
}

/** A value as text: numbers and the like as they are written. */
function valueOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '');
}
