import { indentAt, lineBreakOf } from '../lines.ts';
import { makerOf } from './adopt-chain.ts';
import { endOf, free, takenNames } from './adopt-import.ts';
import { headersAround, refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import { askText } from './adopt-wait.ts';
import { child, list, spanOf, type Ast, type JsNode } from './ast.ts';
import { dotted, keyName, propertyOf } from './names.ts';
import { referencesTo } from './references.ts';

const reason = 'a short-lived token for each request of the client';

/** `client.defaults.headers.common.Authorization = …` becomes an interceptor. Says nothing where it is none. */
export function adoptDefault(rewrite: Rewrite, value: JsNode): true | Refused | undefined {
  const { ast } = rewrite;
  const assignment = ast.parents.get(value);
  const left = child(assignment, 'left');
  if (assignment?.type !== 'AssignmentExpression' || left === undefined) return undefined;
  const path = /^(.+)\.defaults\.headers(\.common)?\.\w+$/i.exec(dotted(left));
  const statement = ast.parents.get(assignment);
  if (path === null) return undefined;
  if (statement?.type !== 'ExpressionStatement' || !/^[\w$.#]+$/.test(path[1] ?? ''))
    return refuse(value, 'the default of this client is not set by a statement of its own');
  const lines = interceptor(rewrite, path[1] ?? '', statement);
  rewrite.edits.push({ span: spanOf(statement), text: lines, reason });
  rewrite.hasHeader = true;
  return true;
}

/** A header among the settings of `axios.create` or `got.extend`. Says nothing where it is none. */
export function adoptInstance(rewrite: Rewrite, value: JsNode): true | Refused | undefined {
  const found = headersAround(rewrite, value);
  const made = found === undefined ? [] : makers(rewrite, found.headers);
  if (found === undefined || made.length === 0) return undefined;
  for (const one of made) {
    const refused = one.kind === 'axios' ? intercept(rewrite, one.call) : hook(rewrite, one.options);
    if (refused !== undefined) return refused;
  }
  const holder = rewrite.ast.parents.get(found.headers);
  const isOnly = list(found.headers, 'properties').length === 1 && holder?.type === 'ObjectProperty';
  rewrite.removed.add(isOnly ? holder : found.property);
  rewrite.hasHeader = true;
  return true;
}

interface Made {
  readonly kind: 'axios' | 'got';
  readonly call: JsNode;
  readonly options: JsNode;
}

/** The calls that make clients with these headers; none where anything else takes them. */
function makers(rewrite: Rewrite, headers: JsNode): readonly Made[] {
  const { ast } = rewrite;
  const found = spots(rewrite, headers).map((spot) => {
    const property = ast.parents.get(spot);
    const options = property && ast.parents.get(property);
    const isHeaders = property?.type === 'ObjectProperty' && keyName(property) === 'headers';
    if (!isHeaders || options?.type !== 'ObjectExpression') return undefined;
    const calls = spots(rewrite, options).map((one) => ast.parents.get(one));
    const made = calls.flatMap((call) => {
      const kind = call && makerOf(ast, call);
      return call === undefined || kind === undefined ? [] : [{ call, kind, options }];
    });
    return made.length === calls.length ? made : undefined;
  });
  const whole = found.flatMap((one) => one ?? []);
  return found.every((one) => one !== undefined) ? whole : [];
}

/** Where an object is taken: itself, or each read of the variable that holds it. */
function spots({ ast, bindings }: Rewrite, object: JsNode): readonly JsNode[] {
  const holder = ast.parents.get(object);
  if (holder?.type !== 'VariableDeclarator') return [object];
  const id = child(holder, 'id');
  return id?.type === 'Identifier' && bindings.init(id) === object ? referencesTo(ast, bindings, object) : [];
}

/** Adds what runs before each request of a client of axios, behind the statement that makes it. */
function intercept(rewrite: Rewrite, call: JsNode): Refused | undefined {
  const { ast, edits } = rewrite;
  const parent = ast.parents.get(call);
  const statement = statementOf(rewrite, call);
  if (parent === undefined || statement === undefined)
    return refuse(call, 'the client is made within another expression: give it a name of its own');
  const lineBreak = `${lineBreakOf(ast.text)}${indentAt(ast.text, statement.start)}`;
  const target = child(parent, parent.type === 'VariableDeclarator' ? 'id' : 'left');
  if (target !== undefined) {
    const name = ast.text.slice(target.start, target.type === 'Identifier' ? target.start : target.end);
    const lines = interceptor(rewrite, name === '' ? dotted(target) : name, statement);
    edits.push({ span: at(statement.end), text: `${lineBreak}${lines}`, reason });
    return undefined;
  }
  const name = free('client', takenNames(ast));
  const lead = statement.type === 'ReturnStatement' ? 'return ' : 'export default ';
  const end = endOf(ast);
  edits.push(
    { span: { start: statement.start, end: call.start }, text: `const ${name} = `, reason },
    {
      span: at(statement.end),
      text: `${lineBreak}${interceptor(rewrite, name, statement)}${lineBreak}${lead}${name}${end}`,
      reason,
    },
  );
  return undefined;
}

function at(offset: number): { readonly start: number; readonly end: number } {
  return { start: offset, end: offset };
}

/** The statement that does nothing but make a client and name it, give it back or export it. */
function statementOf({ ast }: Rewrite, call: JsNode): JsNode | undefined {
  const parent = ast.parents.get(call);
  if (parent === undefined) return undefined;
  const outer = ast.parents.get(parent);
  switch (parent.type) {
    case 'ReturnStatement':
    case 'ExportDefaultDeclaration':
      return parent;
    case 'AssignmentExpression':
      return outer?.type === 'ExpressionStatement' ? outer : undefined;
    case 'VariableDeclarator':
      return child(parent, 'id')?.type === 'Identifier' ? exportedWith(ast, outer) : undefined;
    default:
      return undefined;
  }
}

function exportedWith(ast: Ast, declaration: JsNode | undefined): JsNode | undefined {
  const outer = declaration && ast.parents.get(declaration);
  return outer?.type === 'ExportNamedDeclaration' ? outer : declaration;
}

function interceptor(rewrite: Rewrite, client: string, statement: JsNode): string {
  const { text } = rewrite.ast;
  const indent = indentAt(text, statement.start);
  const unit = indent.includes('\t') || /\n\t/.test(text) ? '\t' : '  ';
  const end = endOf(rewrite.ast);
  return [
    `${client}.interceptors.request.use(async (config) => {`,
    `${indent}${unit}config.headers.Authorization ??= await ${askText(rewrite)}${end}`,
    `${indent}${unit}return config${end}`,
    `${indent}})${end}`,
  ].join(lineBreakOf(text));
}

/** Adds what runs before each request of a client of got, among its settings. */
function hook(rewrite: Rewrite, options: JsNode): Refused | undefined {
  const hooks = propertyOf(options, 'hooks');
  if (hooks !== undefined) return refuse(hooks, 'the client has hooks of its own');
  const { text } = rewrite.ast;
  const first = list(options, 'properties')[0]?.start ?? options.end;
  const isOneLine = !text.slice(options.start, first).includes('\n');
  const lead = isOneLine ? ' ' : `${lineBreakOf(text)}${indentAt(text, first)}`;
  rewrite.edits.push({
    span: at(options.start + 1),
    text: `${lead}hooks: { beforeRequest: [async (options) => { options.headers.authorization ??= await ${askText(rewrite)}; }] },`,
    reason,
  });
  return undefined;
}
