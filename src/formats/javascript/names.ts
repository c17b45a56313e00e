import { child, list, unwrap, word, type JsNode } from './ast.ts';

/** Gives the dotted text of an expression, without arguments: `client.userApi.list`, `new okta.Client`. */
export function dotted(node: JsNode | undefined): string {
  if (node === undefined) return '';
  const at = unwrap(node);
  return spellings[at.type]?.(at) ?? '?';
}

const spellings: Readonly<Record<string, (node: JsNode) => string>> = {
  Identifier: (node) => word(node, 'name'),
  JSXIdentifier: (node) => word(node, 'name'),
  ThisExpression: () => 'this',
  Super: () => 'super',
  Import: () => 'import',
  PrivateName: (node) => `#${dotted(child(node, 'id'))}`,
  MetaProperty: (node) => `${dotted(child(node, 'meta'))}.${dotted(child(node, 'property'))}`,
  MemberExpression: member,
  OptionalMemberExpression: member,
  CallExpression: called,
  OptionalCallExpression: called,
  NewExpression: (node) => `new ${dotted(child(node, 'callee'))}`,
  AwaitExpression: (node) => dotted(child(node, 'argument')),
};

function called(node: JsNode): string {
  return `${dotted(child(node, 'callee'))}()`;
}

function member(node: JsNode): string {
  const holder = dotted(child(node, 'object'));
  const name = propertyName(node);
  return name === undefined ? `${holder}[]` : `${holder}.${name}`;
}

/** Gives the name that a member expression reads: `a.b`, `a['b']`. */
export function propertyName(node: JsNode): string | undefined {
  const property = child(node, 'property');
  if (property === undefined) return undefined;
  if (node['computed'] !== true) return dotted(property);
  return property.type === 'StringLiteral' ? word(property, 'value') : undefined;
}

/** Gives the key of a property of an object, a class or a pattern. */
export function keyName(node: JsNode): string | undefined {
  const key = child(node, 'key');
  if (key === undefined) return undefined;
  if (key.type === 'StringLiteral') return word(key, 'value');
  if (node['computed'] === true) return undefined;
  return key.type === 'NumericLiteral' ? String(key['value']) : dotted(key);
}

/** Gives the property of an object literal with this key. */
export function propertyOf(object: JsNode | undefined, key: string): JsNode | undefined {
  return list(object, 'properties').find((one) => one.type === 'ObjectProperty' && keyName(one) === key);
}
