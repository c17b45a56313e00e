import type { Edit } from '../../model/place.ts';
import { cutItem } from '../cut.ts';
import { field, namedChildren, spanOf, textOf, type Node } from '../tree.ts';
import { refuse, type Refusal } from './found.ts';
import { scopeNode, type Script } from './script.ts';

/** Gives the text of a call of the helper's function of a name, with one more argument where there is one. */
export type HelperCall = (name: 'headers' | 'session_auth', more?: string) => string;

/** Says whether a header is built once and sent often: by a constructor, or when the module is loaded. */
export function isKept(script: Script, node: Node): boolean {
  const scope = scopeNode(node);
  return scope === script.root || textOf(field(scope, 'name'), script.text) === '__init__';
}

/**
 * Rewrites a header that is built once so that its token is asked for at each request: headers in a dictionary become
 * the helper's own mapping, those of a session of `requests` its `auth`. A token that is kept would end after minutes.
 */
export function rewriteKept(
  script: Script,
  node: Node,
  { call, reason }: { readonly call: HelperCall; readonly reason: string },
): readonly Edit[] | Refusal {
  const { text } = script;
  const session = sessionOf(script, node);
  if (session !== undefined) {
    const written = `${session.name}.auth = ${call('session_auth')}`;
    return [{ span: spanOf(session.statement), text: written, reason }];
  }
  const dictionary = node.parent?.type === 'pair' ? node.parent.parent : undefined;
  if (dictionary?.type !== 'dictionary' || isUpdate(dictionary, text))
    return refuse(node, 'the header is built once and kept, and its token ends after minutes');
  return rewriteDictionary(text, dictionary, node, { call, reason });
}

function rewriteDictionary(
  text: string,
  dictionary: Node,
  header: Node,
  { call, reason }: { readonly call: HelperCall; readonly reason: string },
): readonly Edit[] | Refusal {
  const items = namedChildren(dictionary);
  if (items.length === 1) return [{ span: spanOf(dictionary), text: call('headers'), reason }];
  const at = items.findIndex((item) => item === header.parent);
  const cut = cutItem(text, items.map(spanOf), at);
  if (cut === undefined) return refuse(header, 'the header cannot be taken out of its dictionary');
  const { start, end } = spanOf(dictionary);
  // The dictionary becomes the last argument but `as_itself`.
  const [before = '', after = ''] = call('headers', '\0').split('\0');
  return [
    { span: { start, end: start }, text: before, reason },
    { span: cut, text: '', reason },
    { span: { start: end, end }, text: after, reason },
  ];
}

function isUpdate({ parent }: Node, text: string): boolean {
  return (
    parent?.type === 'argument_list' && textOf(field(parent.parent, 'function'), text).endsWith('.update')
  );
}

interface Session {
  readonly name: string;
  readonly statement: Node;
}

/** `s.headers.update({"Authorization": …})` and `s.headers["Authorization"] = …`, where `s` is a session of requests. */
function sessionOf({ nodes, text }: Script, node: Node): Session | undefined {
  const statement = statementOf(node);
  const line = statement === undefined ? '' : textOf(statement, text);
  const [, updated] = /^([\w.]+)\.headers\.update\(\s*\{/.exec(line) ?? [];
  const [, set] = /^([\w.]+)\.headers\[\s*["']authorization["']\s*\]\s*=/i.exec(line) ?? [];
  const isAlone = set !== undefined || (node.parent?.type === 'pair' && isOnly(node.parent));
  const name = updated ?? set;
  const isSession = nodes.some(
    (one) =>
      one.type === 'assignment' &&
      textOf(field(one, 'left'), text) === name &&
      /^(requests\.)?[sS]ession\(\)$/.test(textOf(field(one, 'right'), text)),
  );
  return statement !== undefined && name !== undefined && isAlone && isSession
    ? { name, statement }
    : undefined;
}

function isOnly(pair: Node): boolean {
  return pair.parent !== undefined && namedChildren(pair.parent).length === 1;
}

function statementOf(node: Node): Node | undefined {
  let at: Node | undefined = node;
  while (at !== undefined && at.type !== 'expression_statement') at = at.parent;
  return at;
}
