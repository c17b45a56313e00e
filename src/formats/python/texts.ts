import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { argumentsOf, dotted, initOf, isOwnField, type Script } from './script.ts';

const depthLimit = 8;

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
};

/** Decodes the text between the quotes of a literal; what it cannot decode stays as it is written. */
export function decode(raw: string, prefix: string): string {
  const braces = /f|t/i.test(prefix) ? raw.replaceAll('{{', '{').replaceAll('}}', '}') : raw;
  if (/r/i.test(prefix)) return braces;
  return braces.replaceAll(
    /\\(?:\r?\n|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\\'"nrtabfv0]))/g,
    (escape) => decodeOne(escape.slice(1)),
  );
}

function decodeOne(escape: string): string {
  if (/^[xuU]/.test(escape)) {
    const code = Number.parseInt(escape.slice(1), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : `\\${escape}`;
  }
  return /^\r?\n/.test(escape) ? '' : (simple[escape] ?? escape);
}

/** Gives the letters before the quotes of a string, such as `rb`. */
export function prefixOf(node: Node, text: string): string {
  return /^[a-z]*/i.exec(text.slice(node.start, node.end))?.[0] ?? '';
}

/** Gives the text of an expression with `{}` for what is dynamic; null where all of it is. */
export function toText(node: Node | undefined, script: Script, depth = 0): string | null {
  if (node === undefined || depth > depthLimit) return null;
  const next: Next = (one) => toText(one, script, depth + 1);
  return texts[node.type]?.(node, script, next) ?? null;
}

type Next = (node: Node | undefined) => string | null;

const texts: Readonly<Record<string, (node: Node, script: Script, next: Next) => string | null>> = {
  string: stringText,
  concatenated_string: (node, _script, next) =>
    namedChildren(node)
      .map((one) => next(one) ?? '{}')
      .join(''),
  integer: (node, { text }) => textOf(node, text),
  true: () => 'True',
  false: () => 'False',
  identifier: (node, script, next) => next(initOf(script, node)),
  attribute: (node, script, next) => (isOwnField(node, script.text) ? next(initOf(script, node)) : null),
  parenthesized_expression: (node, _script, next) => next(namedChildren(node)[0]),
  binary_operator: operated,
  call: called,
};

function stringText(node: Node, { text }: Script, next: Next): string {
  const prefix = prefixOf(node, text);
  return node.children
    .map((child) => {
      if (child.type === 'string_content') return decode(textOf(child, text), prefix);
      return child.type === 'interpolation' ? (next(field(child, 'expression')) ?? '{}') : '';
    })
    .join('');
}

function operated(node: Node, { text }: Script, next: Next): string | null {
  const operator = textOf(field(node, 'operator'), text);
  const [left, right] = [field(node, 'left'), field(node, 'right')];
  const [a, b] = [next(left), next(right)];
  if (operator === '+') return a === null && b === null ? null : `${a ?? '{}'}${b ?? '{}'}`;
  if (operator !== '%' || a === null) return null;
  const values = right?.type === 'tuple' ? namedChildren(right).map((one) => next(one)) : [b];
  let at = 0;
  return a.replaceAll(
    /%(\([^)]*\))?[-+ #0]*[\d*]*(?:\.\d+)?([a-zA-Z%])/g,
    (_all, key?: string, kind = '') => {
      if (kind === '%') return '%';
      return key === undefined ? (values[at++] ?? '{}') : '{}';
    },
  );
}

function called(node: Node, script: Script, next: Next): string | null {
  const callee = field(node, 'function');
  const args = argumentsOf(node);
  if (/^(str|.*\.quote|quote)$/.test(dotted(callee, script.text))) return next(args[0]);
  if (/(^|\.)urljoin$/.test(dotted(callee, script.text))) return joined(next(args[0]), next(args[1]));
  if (callee?.type !== 'attribute') return null;
  const object = next(field(callee, 'object'));
  const name = textOf(field(callee, 'attribute'), script.text);
  if (/^([lr]?strip|encode|decode)$/.test(name)) return object;
  return name === 'format' && object !== null ? formatted(object, args, script, next) : null;
}

function joined(base: string | null, path: string | null): string | null {
  if (path === null) return base === null ? null : `${base}{}`;
  return /^[a-z]+:\/\//i.test(path)
    ? path
    : `${(base ?? '{}').replace(/\/+$/, '')}/${path.replace(/^\//, '')}`;
}

function formatted(template: string, args: readonly Node[], { text }: Script, next: Next): string {
  let at = 0;
  return template.replaceAll(/\{\{|\}\}|\{([^{}:!.[]*)[^{}]*\}/g, (all, key?: string) => {
    if (key === undefined) return all.charAt(0);
    const named = args.find(
      (one) => one.type === 'keyword_argument' && textOf(field(one, 'name'), text) === key,
    );
    if (named !== undefined) return next(field(named, 'value')) ?? '{}';
    if (!/^\d*$/.test(key)) return '{}';
    return next(args[key === '' ? at++ : Number(key)]) ?? '{}';
  });
}

/** Gives the dictionary that an expression is or stands for: `{…}`, `dict(…)`, or a name of one. */
export function toDictionary(node: Node | undefined, script: Script, depth = 0): Node | undefined {
  if (node === undefined || depth > depthLimit) return undefined;
  if (node.type === 'dictionary') return node;
  if (node.type === 'call') return dotted(field(node, 'function'), script.text) === 'dict' ? node : undefined;
  if (node.type === 'parenthesized_expression')
    return toDictionary(namedChildren(node)[0], script, depth + 1);
  const isName = node.type === 'identifier' || isOwnField(node, script.text);
  return isName ? toDictionary(initOf(script, node), script, depth + 1) : undefined;
}
