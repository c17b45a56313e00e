import { isMap, type Scalar } from 'yaml';
import type { Span } from '../../model/place.ts';
import type { Draft } from '../draft.ts';
import type { YamlSlot } from './leaf.ts';
import { scalarOf, stringOf, type Holder, type Leaf } from './walk.ts';

/** Reads what a compose service takes from elsewhere: files of variables, secrets, variables without a value. */
export function addComposeReads(draft: Draft, leaf: Leaf, slot: YamlSlot): void {
  const { path } = leaf;
  if (leaf.key === 'env_file' || /\.env_file\[\d+\]\.path$/.test(path)) {
    draft.imports.push({ module: slot.value, names: [], span: slot.span });
  }
  if (/^services\.[^.]+\.secrets\[\d+\](\.source)?$/.test(path)) {
    draft.uses.push({ name: slot.value, store: 'compose-secret', span: slot.span, slot: path });
  }
  if (isPassedThrough(leaf, slot) && slot.name !== null) {
    const { start } = slot.entry;
    const span = { start, end: start + slot.name.length };
    draft.uses.push({ name: slot.name, store: 'env', span, slot: path, as: slot.name });
  }
}

/** `NAME:` in a map and `- NAME` in a list hand on the variable of that name. */
function isPassedThrough({ holder, key, value }: Leaf, slot: YamlSlot): boolean {
  if (isMap(holder.node)) return value === null && holder.path.endsWith('.environment');
  return key === 'environment' && slot.shape === 'assignment' && !String(value?.value).includes('=');
}

/** Reads the references to secrets of Kubernetes: `secretKeyRef` fills one variable, `secretRef` all of its keys. */
export function addSecretReads(draft: Draft, holder: Holder): void {
  const { node, path } = holder;
  const name = scalarOf(node, 'name');
  if (name === undefined) return;
  if (path.endsWith('.secretKeyRef')) addKeyRead(draft, holder, name);
  if (!path.endsWith('.secretRef')) return;
  const span = rangeOf(name);
  draft.uses.push({ name: String(name.value), store: 'k8s-secret', span, slot: `${path}.name` });
}

/** The key alone would say little: it is read from this secret. */
function addKeyRead(draft: Draft, { node, path, up }: Holder, name: Scalar): void {
  const key = scalarOf(node, 'key');
  if (key === undefined) return;
  const [first, second] = [rangeOf(name), rangeOf(key)];
  const variable = stringOf(up?.holder.up?.holder.node, 'name');
  draft.uses.push({
    name: `${String(name.value)}/${String(key.value)}`,
    store: 'k8s-secret',
    span: { start: Math.min(first.start, second.start), end: Math.max(first.end, second.end) },
    slot: `${path}.key`,
    ...(variable === undefined ? {} : { as: variable }),
  });
}

function rangeOf({ range }: Scalar): Span {
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}
