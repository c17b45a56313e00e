import type { Use } from '../../model/facts.ts';
import { child, isWrapper, list, spanOf, word, type Ast, type JsNode } from './ast.ts';
import { dotted, keyName, propertyName } from './names.ts';
import { toText, type Bindings } from './texts.ts';

/** An environment read with the node that reads. */
export interface EnvRead extends Use {
  readonly node: JsNode;
}

/** Finds what a file reads from the environment by name. */
export function envReads(ast: Ast, bindings: Bindings): readonly EnvRead[] {
  const isEnv = (node: JsNode | undefined): boolean => isEnvironment(ast, node, bindings);
  return ast.nodes.flatMap((node) => {
    if (node.type === 'VariableDeclarator' && isEnv(child(node, 'init'))) return destructured(node);
    const name = readName(node, bindings, isEnv);
    if (name === undefined || isWritten(ast, node)) return [];
    const binding = bindingOf(ast, node);
    return [
      {
        name,
        store: 'env' as const,
        span: spanOf(node),
        node,
        ...(binding === undefined ? {} : { binding }),
      },
    ];
  });
}

function readName(
  node: JsNode,
  bindings: Bindings,
  isEnv: (node: JsNode | undefined) => boolean,
): string | undefined {
  if (/^(Optional)?MemberExpression$/.test(node.type) && isEnv(child(node, 'object'))) {
    if (node['computed'] !== true) return propertyName(node);
    return toText(child(node, 'property'), bindings) ?? undefined;
  }
  if (node.type === 'CallExpression' && dotted(child(node, 'callee')) === 'Deno.env.get') {
    return toText(list(node, 'arguments')[0], bindings) ?? undefined;
  }
  return undefined;
}

function isEnvironment(ast: Ast, node: JsNode | undefined, bindings: Bindings): boolean {
  const name = dotted(node);
  if (/^(globalThis\.)?(process|import\.meta|Bun)\.env$/.test(name)) return true;
  if (node?.type !== 'Identifier') return false;
  const init = bindings.init(node);
  const isImported = init?.type.startsWith('Import') === true;
  if (init !== undefined && !isImported)
    return init !== node && /^(process|import\.meta|Bun)\.env$/.test(dotted(init));
  return name === 'env' && ast.nodes.some((one) => bindsEnv(one));
}

/** `import { env } from 'node:process'`, `const { env } = process`. */
function bindsEnv(node: JsNode): boolean {
  if (node.type === 'ImportDeclaration') {
    return /^(node:)?process$/.test(word(child(node, 'source'), 'value'));
  }
  return (
    node.type === 'VariableDeclarator' &&
    child(node, 'id')?.type === 'ObjectPattern' &&
    dotted(child(node, 'init')) === 'process'
  );
}

function destructured(node: JsNode): readonly EnvRead[] {
  return list(child(node, 'id'), 'properties').flatMap((property) => {
    const name = keyName(property);
    if (property.type !== 'ObjectProperty' || name === undefined) return [];
    const value = child(property, 'value');
    const target = value?.type === 'AssignmentPattern' ? child(value, 'left') : value;
    return [{ name, store: 'env', span: spanOf(property), node: property, binding: dotted(target) }];
  });
}

function isWritten(ast: Ast, node: JsNode): boolean {
  const parent = ast.parents.get(node);
  if (parent?.type === 'AssignmentExpression') return child(parent, 'left') === node;
  return parent?.type === 'UnaryExpression' && word(parent, 'operator') === 'delete';
}

/** Gives the variable, field or property that a read's value goes to. */
export function bindingOf(ast: Ast, node: JsNode): string | undefined {
  let from = node;
  for (let at = ast.parents.get(node); at !== undefined; from = at, at = ast.parents.get(at)) {
    if (at.type === 'VariableDeclarator') return dotted(child(at, 'id'));
    if (at.type === 'AssignmentExpression') return dotted(child(at, 'left'));
    if (at.type === 'AssignmentPattern')
      return child(at, 'right') === from ? dotted(child(at, 'left')) : undefined;
    if (/^(Object|Class|ClassPrivate)Property$/.test(at.type)) return keyName(at);
    if (!passesOn(at, from)) return undefined;
  }
  return undefined;
}

function passesOn(node: JsNode, from: JsNode): boolean {
  if (isWrapper(node) || /^(LogicalExpression|ConditionalExpression)$/.test(node.type)) return true;
  if (node.type === 'CallExpression')
    return dotted(child(node, 'callee')) === 'String' || child(node, 'callee') === from;
  return node.type === 'MemberExpression' && /^(trim|toString)$/.test(propertyName(node) ?? '');
}
