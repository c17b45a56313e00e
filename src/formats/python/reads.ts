import type { Use } from '../../model/facts.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { argumentsOf, dotted, importedNames, initOf, type Script } from './script.ts';
import { toText } from './texts.ts';

/** A read of the environment with the node that reads. */
export interface EnvRead extends Use {
  readonly node: Node;
}

/** Finds what a file reads from the environment by name. */
export function envReads(script: Script): readonly EnvRead[] {
  const known = environmentNames(script);
  return script.nodes.flatMap((node) => {
    const name = readName(node, script, known);
    if (name === undefined || isWritten(node)) return [];
    const binding = bindingOf(node, script.text);
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

interface Known {
  readonly environ: ReadonlySet<string>;
  readonly getenv: ReadonlySet<string>;
}

/** What the file calls `os.environ` and `os.getenv`, by its imports. */
function environmentNames({ nodes, text }: Script): Known {
  const environ = new Set(['os.environ']);
  const getenv = new Set(['os.getenv']);
  for (const node of nodes) {
    if (!/^import_(from_)?statement$/.test(node.type)) continue;
    const isFromOs = textOf(field(node, 'module_name'), text) === 'os';
    for (const { name, bound } of importedNames(node, text)) {
      if (node.type === 'import_statement' && name === 'os') {
        environ.add(`${bound}.environ`);
        getenv.add(`${bound}.getenv`);
      }
      if (isFromOs && name === 'environ') environ.add(bound);
      if (isFromOs && name === 'getenv') getenv.add(bound);
    }
  }
  return { environ, getenv };
}

function readName(node: Node, script: Script, known: Known): string | undefined {
  const { text } = script;
  if (node.type === 'subscript') {
    const isRead = isEnvironment(field(node, 'value'), script, known);
    return isRead ? (toText(field(node, 'subscript'), script) ?? undefined) : undefined;
  }
  if (node.type !== 'call') return undefined;
  const callee = field(node, 'function');
  const isGet =
    callee?.type === 'attribute' &&
    /^(get|pop|setdefault)$/.test(textOf(field(callee, 'attribute'), text)) &&
    isEnvironment(field(callee, 'object'), script, known);
  if (!isGet && !known.getenv.has(dotted(callee, text))) return undefined;
  return toText(argumentsOf(node)[0], script) ?? undefined;
}

function isEnvironment(node: Node | undefined, script: Script, known: Known): boolean {
  if (node === undefined) return false;
  if (known.environ.has(dotted(node, script.text))) return true;
  const init = node.type === 'identifier' ? initOf(script, node) : undefined;
  return init !== undefined && known.environ.has(dotted(init, script.text));
}

function isWritten(node: Node): boolean {
  const { parent } = node;
  return parent?.type === 'delete_statement' || (parent?.type === 'assignment' && node.field === 'left');
}

/** Gives the variable, field or key that a read's value goes to. */
export function bindingOf(node: Node, text: string): string | undefined {
  let from = node;
  for (let at = node.parent; at !== undefined; from = at, at = at.parent) {
    if (at.type === 'assignment') return from.field === 'right' ? dotted(field(at, 'left'), text) : undefined;
    if (/^(named_expression|keyword_argument|default_parameter|typed_default_parameter)$/.test(at.type)) {
      return textOf(field(at, 'name'), text);
    }
    if (at.type === 'pair') return literalKey(field(at, 'key'), text);
    if (!passesOn(at, from, text)) return undefined;
  }
  return undefined;
}

function literalKey(node: Node | undefined, text: string): string | undefined {
  const [content, more] =
    node?.type === 'string' ? node.children.filter((one) => one.named).slice(1, -1) : [];
  return more === undefined && content?.type === 'string_content' ? textOf(content, text) : undefined;
}

/** What hands the value on as it is: `x or ''`, `str(x)`, `x.strip()`. */
export function passesOn(node: Node, from: Node, text: string): boolean {
  if (/^(parenthesized_expression|boolean_operator|conditional_expression)$/.test(node.type)) return true;
  if (node.type === 'attribute')
    return /^([lr]?strip|encode|decode)$/.test(textOf(field(node, 'attribute'), text));
  if (node.type === 'argument_list') {
    return namedChildren(node).length === 1 && textOf(field(node.parent, 'function'), text) === 'str';
  }
  return node.type === 'call' && (from.type === 'attribute' || from.type === 'argument_list');
}
