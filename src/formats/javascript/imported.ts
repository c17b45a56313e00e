import { child, list, word, type Ast, type JsNode } from './ast.ts';
import { wholeModule } from './exports.ts';
import { refuse, type Refused } from './adopt-rewrite.ts';
import { dotted } from './names.ts';

/** What a file imports of another one, below which the secret lies. */
export interface ImportedValue {
  readonly module: string;
  readonly name: string;
  readonly path: readonly string[];
}

/** A name that an import binds, or an expression that loads a module. */
export interface ImportedAs {
  readonly node: JsNode;
  readonly path: readonly string[];
}

/** Finds each name of a file that stands for an import, with what of the path is left below it. */
export function importedAs(ast: Ast, value: ImportedValue): readonly ImportedAs[] | Refused {
  const found: ImportedAs[] = [];
  for (const node of ast.nodes) {
    if (word(child(node, 'source'), 'value') === value.module && node.type.startsWith('Export')) {
      const isOurs =
        node.type === 'ExportAllDeclaration' ||
        list(node, 'specifiers').some((one) => dotted(child(one, 'local')) === value.name);
      if (isOurs) return refuse(node, `${value.name} is exported again from here`);
    }
    if (node.type === 'ImportDeclaration' && word(child(node, 'source'), 'value') === value.module)
      found.push(...list(node, 'specifiers').flatMap((one) => specifier(one, value)));
    if (isLoad(node, value.module)) found.push({ node, path: below(value) });
  }
  return found;
}

function isLoad(node: JsNode, module: string): boolean {
  if (node.type === 'ImportExpression') return word(child(node, 'source'), 'value') === module;
  const isCall = node.type === 'CallExpression' && /^(require|import)$/.test(dotted(child(node, 'callee')));
  return isCall && word(list(node, 'arguments')[0], 'value') === module;
}

function below({ name, path }: ImportedValue): readonly string[] {
  return name === wholeModule ? path : [name, ...path];
}

function specifier(node: JsNode, value: ImportedValue): readonly ImportedAs[] {
  if (node.type === 'ImportSpecifier')
    return dotted(child(node, 'imported')) === value.name ? [{ node, path: value.path }] : [];
  if (node.type === 'ImportNamespaceSpecifier') return [{ node, path: below(value) }];
  return [{ node, path: value.name === 'default' ? value.path : below(value) }];
}
