import { AgentIdError } from '../../model/error.ts';

/** What an expression is worked out from. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export interface Scope {
  readonly [name: string]: Value;
}

/** Writes a plain value as text; a list or record has none. */
export function asText(value: Value | undefined): string {
  return value === undefined || typeof value === 'object' ? '' : `${value}`;
}

type Call = (values: readonly Value[]) => Value;
type Node = (scope: Scope) => Value;

/**
 * Compiles an expression of betterleaks' filters: literals, lists, indexes and slices, calls of the functions given,
 * `let`, comparisons, `contains`, `matches`, `in`, and, or, not, a choice. It can call nothing else.
 * Throws `malformed` for anything beyond.
 */
export function compileExpression(source: string, calls: ReadonlyMap<string, Call>): Node {
  return new Parser(tokenize(source), calls).program();
}

const token =
  /\s+|\/\/[^\n]*|(`[^`]*`|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(&&|\|\||==|!=|<=|>=|\?\?|[-+*/%<>!?:()[\]{},;=])/gy;

interface Token {
  readonly kind: 'text' | 'number' | 'word' | 'sign' | 'end';
  readonly text: string;
}

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  token.lastIndex = 0;
  while (at < source.length) {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found === null) throw malformed(`${source.slice(at, at + 10)} is not understood`);
    at = token.lastIndex;
    const [, text, number, word, sign] = found;
    if (text !== undefined) tokens.push({ kind: 'text', text: unquote(text) });
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  const names: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => names[char] ?? char);
}

function malformed(what: string): AgentIdError {
  return new AgentIdError('malformed', `a filter cannot be read: ${what}`);
}

/** Operators of two sides, loosest first. */
const levels: readonly (readonly string[])[] = [
  ['||', 'or'],
  ['&&', 'and'],
  ['==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'matches'],
  ['+', '-'],
];

class Parser {
  readonly #tokens: readonly Token[];
  readonly #calls: ReadonlyMap<string, Call>;
  #at = 0;

  constructor(tokens: readonly Token[], calls: ReadonlyMap<string, Call>) {
    this.#tokens = tokens;
    this.#calls = calls;
  }

  program(): Node {
    const node = this.#statement();
    if (this.#peek.kind !== 'end') throw malformed(`${this.#peek.text} is not expected`);
    return node;
  }

  #statement(): Node {
    if (!this.#takes('let')) return this.#choice();
    const name = this.#take().text;
    this.#expect('=');
    const value = this.#choice();
    this.#expect(';');
    const rest = this.#statement();
    return (scope) => rest({ ...scope, [name]: value(scope) });
  }

  #choice(): Node {
    const condition = this.#binary(0);
    if (!this.#takes('?')) return condition;
    const yes = this.#choice();
    this.#expect(':');
    const no = this.#choice();
    return (scope) => (condition(scope) === true ? yes(scope) : no(scope));
  }

  #binary(level: number): Node {
    const signs = levels[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (
      let sign = this.#peek.text;
      this.#peek.kind !== 'text' && signs.includes(sign);
      sign = this.#peek.text
    ) {
      this.#at += 1;
      const [a, b] = [left, this.#binary(level + 1)];
      if (sign === '||' || sign === 'or') left = (scope) => a(scope) === true || b(scope) === true;
      else if (sign === '&&' || sign === 'and') left = (scope) => a(scope) === true && b(scope) === true;
      else left = (scope) => operate(sign, a(scope), b(scope));
    }
    return left;
  }

  #unary(): Node {
    if (this.#takes('!') || this.#takes('not')) {
      const node = this.#unary();
      return (scope) => node(scope) !== true;
    }
    if (this.#takes('-')) {
      const node = this.#unary();
      return (scope) => -Number(node(scope));
    }
    return this.#indexed(this.#primary());
  }

  #indexed(node: Node): Node {
    if (!this.#takes('[')) return node;
    const from = this.#peek.text === ':' ? (): Value => 0 : this.#choice();
    if (this.#takes(':')) {
      const to = this.#peek.text === ']' ? undefined : this.#choice();
      this.#expect(']');
      return this.#indexed((scope) => slice(node(scope), from(scope), to?.(scope)));
    }
    this.#expect(']');
    return this.#indexed((scope) => member(node(scope), from(scope)));
  }

  #primary(): Node {
    const { kind, text } = this.#take();
    if (kind === 'text') return () => text;
    if (kind === 'number') return () => Number(text);
    if (kind === 'word') return this.#word(text);
    if (text === '(') {
      const node = this.#statement();
      this.#expect(')');
      return node;
    }
    if (text === '[') {
      const items = this.#list(']');
      return (scope) => items.map((item) => item(scope));
    }
    throw malformed(`${text === '' ? 'it ends too soon' : `${text} is not expected`}`);
  }

  #word(name: string): Node {
    if (name === 'true' || name === 'false') return () => name === 'true';
    if (!this.#takes('(')) return (scope) => scope[name] ?? '';
    const call = this.#calls.get(name.replace(/^filter\./, ''));
    if (call === undefined) throw malformed(`${name} is not a function that agent-id has`);
    const values = this.#list(')');
    return (scope) => call(values.map((value) => value(scope)));
  }

  #list(end: string): readonly Node[] {
    const items: Node[] = [];
    while (!this.#takes(end)) {
      items.push(this.#choice());
      if (!this.#takes(',')) {
        this.#expect(end);
        break;
      }
    }
    return items;
  }

  get #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #take(): Token {
    const taken = this.#peek;
    this.#at += 1;
    return taken;
  }

  #takes(text: string): boolean {
    if (this.#peek.kind === 'text' || this.#peek.text !== text || this.#peek.kind === 'end') return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw malformed(`${text} is missing before ${this.#peek.text || 'the end'}`);
  }
}

const operators: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  in: (a, b) => Array.isArray(b) && b.includes(a),
  contains: (a, b) => asText(a).includes(asText(b)),
  '+': (a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : `${asText(a)}${asText(b)}`),
  '-': (a, b) => Number(a) - Number(b),
  '<': (a, b) => Number(a) < Number(b),
  '<=': (a, b) => Number(a) <= Number(b),
  '>': (a, b) => Number(a) > Number(b),
  '>=': (a, b) => Number(a) >= Number(b),
};

function operate(sign: string, a: Value, b: Value): Value {
  const operator = operators[sign];
  if (operator === undefined) throw malformed(`${sign} is not an operator that agent-id has`);
  return operator(a, b);
}

function slice(value: Value, from: Value, to: Value | undefined): Value {
  return asText(value).slice(Number(from), to === undefined ? undefined : Number(to));
}

function member(value: Value, key: Value): Value {
  if (typeof value !== 'object') return '';
  return (
    (Array.isArray(value)
      ? (value as readonly Value[])[Number(key)]
      : (value as Record<string, Value>)[asText(key)]) ?? ''
  );
}
