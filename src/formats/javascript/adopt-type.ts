import { child, isFunction, list, type Ast, type JsNode } from './ast.ts';
import type { Rewrite } from './adopt-rewrite.ts';
import { dotted, keyName } from './names.ts';

/**
 * Takes the key that held the secret out of the type that a name, a parameter or the answer of a function is said to
 * have. A type of another module is noted, and looked for there.
 */
export function dropMember(rewrite: Rewrite, node: JsNode, path: readonly string[]): void {
  const key = isFunction(node) ? 'returnType' : 'typeAnnotation';
  const holder = node.type === 'TSParameterProperty' ? child(node, 'parameter') : node;
  const type = child(child(holder, key), 'typeAnnotation');
  if (type !== undefined) dropFrom(rewrite, type, path);
}

function dropFrom(rewrite: Rewrite, type: JsNode, path: readonly string[]): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (type.type === 'TSTypeReference') {
    const name = dotted(child(type, 'typeName'));
    const parameters = list(child(type, 'typeParameters'), 'params');
    if (/^(Readonly|Promise|Partial|Required)$/.test(name) && parameters[0] !== undefined) {
      dropFrom(rewrite, parameters[0], path);
      return;
    }
    dropFromNamed(rewrite, name, path);
    return;
  }
  const member = list(type, type.type === 'TSInterfaceBody' ? 'body' : 'members').find(
    (one) => keyName(one) === first,
  );
  if (member === undefined) return;
  if (rest.length === 0) rewrite.removed.add(member);
  else dropFrom(rewrite, child(child(member, 'typeAnnotation'), 'typeAnnotation') ?? member, rest);
}

/** Takes the key out of an interface or alias of this file. */
export function dropFromNamed(rewrite: Rewrite, name: string, path: readonly string[]): void {
  const declared = declaredType(rewrite.ast, name);
  if (declared !== undefined) dropFrom(rewrite, declared, path);
  else rewrite.types.push({ name, path });
}

function declaredType(ast: Ast, name: string): JsNode | undefined {
  const declaration = ast.nodes.find(
    (node) =>
      /^TS(InterfaceDeclaration|TypeAliasDeclaration)$/.test(node.type) && dotted(child(node, 'id')) === name,
  );
  return child(declaration, 'body') ?? child(declaration, 'typeAnnotation');
}
