import type { Arg, Call, Import, Use } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { dotted, type Source } from './source.ts';
import { toLiteral, toText } from './texts.ts';

/** An environment read with the node that reads. */
export interface EnvRead extends Use {
  readonly node: Node;
}

const readers = /^(os|syscall)\.(Getenv|LookupEnv)$/;

/** Finds what a file reads from the environment by name. */
export function envReads(source: Source): readonly EnvRead[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'call_expression') return [];
    if (!readers.test(dotted(field(node, 'function'), source.text))) return [];
    const name = toText(namedChildren(field(node, 'arguments') ?? node)[0], source);
    if (name === null || name.includes('{}')) return [];
    const binding = bindingOf(node, source.text);
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

/** Gives the variable or field that a read's value goes to. */
function bindingOf(node: Node, text: string): string | undefined {
  let from = node;
  for (let at = node.parent; at !== undefined; from = at, at = at.parent) {
    if (/^(short_var_declaration|assignment_statement)$/.test(at.type)) {
      const index = namedChildren(field(at, 'right') ?? at).findIndex(
        (one) => one.start <= node.start && one.end >= node.end,
      );
      return dotted(namedChildren(field(at, 'left') ?? at)[index], text);
    }
    if (/^(var_spec|const_spec)$/.test(at.type)) return textOf(field(at, 'name'), text);
    if (at.type === 'keyed_element') return textOf(field(at, 'key'), text).replaceAll('"', '');
    const isArgument =
      at.type === 'argument_list' && dotted(field(at.parent, 'function'), text).startsWith('strings.Trim');
    const passes = /^(expression_list|parenthesized_expression|literal_element)$/.test(at.type);
    if (!passes && !isArgument && !(at.type === 'call_expression' && from.type === 'argument_list'))
      return undefined;
  }
  return undefined;
}

/** Finds the calls of a file, with their arguments as flat names and texts. */
export function goCalls(source: Source): readonly Call[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'call_expression') return [];
    const args = namedChildren(field(node, 'arguments') ?? node);
    return [
      {
        callee: dotted(field(node, 'function'), source.text),
        args: args.flatMap((one) => toArgs(one, null, source)),
        span: spanOf(node),
      },
    ];
  });
}

function toArgs(node: Node, name: string | null, source: Source, depth = 0): readonly Arg[] {
  const span = spanOf(node);
  const literal = depth > 6 ? undefined : toLiteral(node, source);
  if (literal === undefined) return [{ name, text: toText(node, source), span }];
  return namedChildren(literal).flatMap((element) => {
    const value = field(element, 'value');
    if (value === undefined) return toArgs(element, name, source, depth + 1);
    const key = textOf(field(element, 'key'), source.text).replaceAll(/^"|"$/g, '');
    return toArgs(value, name === null ? key : `${name}.${key}`, source, depth + 1);
  });
}

/** Lists what a file imports. */
export function goImports(source: Source): readonly Import[] {
  return source.imports.map(({ module, local, node }) => ({ module, names: [local], span: spanOf(node) }));
}

const servers =
  /^http\.(HandleFunc|Handle|ListenAndServe|ListenAndServeTLS|Serve)$|\.(HandleFunc|ListenAndServe|ListenAndServeTLS)$|^lambda\.Start$/;
const routers = /\.(GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|Any|Handle)$/;

/** Finds where a file answers requests: routes, servers. */
export function goListens(source: Source): readonly Span[] {
  return source.nodes
    .filter((node) => {
      if (node.type !== 'call_expression') return false;
      const name = dotted(field(node, 'function'), source.text);
      if (servers.test(name)) return true;
      const args = namedChildren(field(node, 'arguments') ?? node);
      return routers.test(name) && args.length > 1 && toText(args[0], source)?.startsWith('/') === true;
    })
    .map(spanOf);
}
