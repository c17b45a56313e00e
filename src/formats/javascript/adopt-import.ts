import type { Edit } from '../../model/place.ts';
import { lineBreakOf, lineEndAt } from '../lines.ts';
import type { Adoption } from '../types.ts';
import { child, list, word, type Ast, type JsNode } from './ast.ts';
import { jsImports } from './calls.ts';
import { dotted } from './names.ts';

/** The names of the helper in a file, and the edit that brings them in. */
export interface HelperNames {
  readonly agentName: string;
  readonly quote: string;
  readonly edits: readonly Edit[];
}

/** Imports the helper and names the agent once, at the top of the file; what is there already is used. */
export function helperNames(ast: Ast, target: Adoption): HelperNames {
  const quote = quoteOf(ast);
  const module = `${target.helperPath}/helper.mjs`;
  const existing = existingAgent(ast, target, module);
  if (existing !== undefined) return { agentName: existing, quote, edits: [] };
  const taken = takenNames(ast);
  const agentName = free('agentId', taken);
  const maker = makerOf(target);
  const imported = free(maker, taken);
  const end = endOf(ast);
  const q = (text: string): string => `${quote}${text}${quote}`;
  const named = target.own === undefined ? target.agent : target.own.otherwise;
  const made = `${imported}(${named === null ? '' : q(named)})${isItself(target) ? '.asItself()' : ''}`;
  const isCommon = !ast.isModule;
  const bring = isCommon
    ? `const { ${imported === maker ? maker : `${maker}: ${imported}`} } = require(${q(module)})${end}`
    : `import { ${imported === maker ? maker : `${maker} as ${imported}`} } from ${q(module)}${end}`;
  const lines = [bring, '', `const ${agentName} = ${made}${end}`];
  return { agentName, quote, edits: [insertion(ast, lines)] };
}

function makerOf({ own }: Adoption): 'agent' | 'ownAgent' {
  return own === undefined ? 'agent' : 'ownAgent';
}

/** Of an agent that the process names, the lock file says whether it acts as itself. */
function isItself({ own, actsFor }: Adoption): boolean {
  return own === undefined && actsFor === 'itself';
}

/** Every name that a file speaks of. */
export function takenNames(ast: Ast): ReadonlySet<string> {
  return new Set(ast.nodes.flatMap((node) => (node.type === 'Identifier' ? [word(node, 'name')] : [])));
}

/** Gives a name that is not taken: the wanted one, else with a number. */
export function free(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : `${name}${n}`;
    if (!taken.has(candidate)) return candidate;
  }
}

function existingAgent(ast: Ast, target: Adoption, module: string): string | undefined {
  const makers = jsImports(ast).find((one) => one.module === module)?.names ?? [];
  const made = ast.nodes.find(
    (node) => node.type === 'VariableDeclarator' && isMadeFor(target, makers, child(node, 'init')),
  );
  return made === undefined ? undefined : dotted(child(made, 'id'));
}

function isMadeFor(target: Adoption, makers: readonly string[], init: JsNode | undefined): boolean {
  if (init === undefined) return false;
  const id = target.own === undefined ? target.agent : (target.own.otherwise ?? '');
  const isAlone = dotted(init).endsWith('.asItself()');
  const call = isAlone ? child(child(init, 'callee'), 'object') : init;
  const [first] = list(call, 'arguments');
  const maker = dotted(child(call, 'callee'));
  // One that was taken under another name has a number: see `free`.
  const isMade = makers.includes(maker) && maker.replace(/\d+$/, '') === makerOf(target);
  return isMade && word(first, 'value') === id && isAlone === isItself(target);
}

/** After the last import, or after the last `require` at the top, else before the first statement. */
function insertion(ast: Ast, lines: readonly string[]): Edit {
  const lineBreak = lineBreakOf(ast.text);
  const reason = 'the helper that gets short-lived tokens';
  const body = list(ast.root, 'body');
  const last = body.findLast((one) => one.type === 'ImportDeclaration') ?? lastRequire(body);
  if (last !== undefined) {
    const end = isLineRest(ast.text, last) ? lineEndAt(ast.text, last.end) : last.end;
    const isTight = !/^\r?\n\r?\n/.test(ast.text.slice(end));
    const text = `${lines.map((line) => `${lineBreak}${line}`).join('')}${isTight ? lineBreak : ''}`;
    return { span: { start: end, end }, text, reason };
  }
  const start = body[0]?.start ?? ast.text.length;
  return { span: { start, end: start }, text: `${lines.join(lineBreak)}${lineBreak}${lineBreak}`, reason };
}

function isLineRest(text: string, node: JsNode): boolean {
  return /^[ \t]*(\/\/.*|\/\*[^*\n]*\*\/[ \t]*)?$/.test(text.slice(node.end, lineEndAt(text, node.end)));
}

function lastRequire(body: readonly JsNode[]): JsNode | undefined {
  const isRequire = (node: JsNode): boolean =>
    node.type === 'VariableDeclaration' &&
    list(node, 'declarations').every((one) => dotted(child(one, 'init')).startsWith('require()'));
  return body.findLast(isRequire);
}

function quoteOf(ast: Ast): string {
  const first = ast.nodes.find((node) => node.type === 'StringLiteral' && node.end > node.start);
  return first !== undefined && ast.text.charAt(first.start) === '"' ? '"' : "'";
}

/** Gives what the file ends its statements with: a semicolon or nothing. */
export function endOf(ast: Ast): string {
  const body = list(ast.root, 'body').filter((node) =>
    /^(Import|Variable)Declaration$|^ExpressionStatement$/.test(node.type),
  );
  const withEnd = body.filter((node) => ast.text.charAt(node.end - 1) === ';').length;
  return withEnd * 2 >= body.length ? ';' : '';
}
