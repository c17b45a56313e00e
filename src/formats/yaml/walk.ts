import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { joinKey } from '../key-path.ts';

/** A map or a list, and where it sits. */
export interface Holder {
  readonly node: YAMLMap | YAMLSeq;
  readonly path: string;
  /** The key under which it stands, or that of the list that it is in. */
  readonly key: string | null;
  readonly up: { readonly holder: Holder; readonly index: number } | undefined;
}

/** One scalar in a map or a list. */
export interface Leaf {
  readonly path: string;
  readonly key: string | null;
  readonly holder: Holder;
  readonly index: number;
  /** Null for `KEY:` without a value. */
  readonly value: Scalar | null;
}

export interface Visitor {
  readonly holder: (holder: Holder) => void;
  readonly leaf: (leaf: Leaf) => void;
}

/** Visits every map, list and scalar of a document. What an alias stands for is visited where it is written. */
export function walk(root: unknown, path: string, visitor: Visitor): void {
  if (isMap(root) || isSeq(root)) walkHolder({ node: root, path, key: null, up: undefined }, visitor);
}

function walkHolder(holder: Holder, visitor: Visitor): void {
  visitor.holder(holder);
  for (const [index, item] of holder.node.items.entries()) {
    const pair = isPair(item) ? item : undefined;
    // A key that is a map or list itself names nothing.
    if (pair !== undefined && !isScalar(pair.key)) continue;
    const value = pair === undefined ? item : pair.value;
    const own = pair === undefined ? null : keyOf(pair);
    const path = own === null ? `${holder.path}[${index}]` : joinKey(holder.path, own);
    const key = own ?? holder.key;
    if (isMap(value) || isSeq(value)) walkHolder({ node: value, path, key, up: { holder, index } }, visitor);
    else if (!isAlias(value)) visitor.leaf({ path, key, holder, index, value: writtenScalar(value) });
  }
}

function writtenScalar(value: unknown): Scalar | null {
  return isScalar(value) && value.range && value.range[1] > value.range[0] ? value : null;
}

export function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '?';
}

/** Gives the pair of a map with this key. */
export function pairOf(node: unknown, key: string): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => keyOf(pair) === key) : undefined;
}

/** Gives the scalar under a key of a map. */
export function scalarOf(node: unknown, key: string): Scalar | undefined {
  const value = pairOf(node, key)?.value;
  return isScalar(value) ? value : undefined;
}

export function stringOf(node: unknown, key: string): string | undefined {
  const scalar = scalarOf(node, key);
  return scalar === undefined ? undefined : String(scalar.value);
}
