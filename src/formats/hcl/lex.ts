import type { Span } from '../../model/place.ts';

/** One piece of an HCL text; comments are left out. The span of a text is that of its content. */
export interface Token {
  readonly kind: 'name' | 'text' | 'sign' | 'break';
  readonly span: Span;
  /** With quotes, or a heredoc with its marks. */
  readonly whole: Span;
  /** A text in quotes has escapes, a heredoc has none. */
  readonly isHeredoc: boolean;
}

const blank = /[ \t\r\uFEFF]+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const name = /[A-Za-z_][\w.-]*/y;
const heredoc = /<<-?([A-Za-z_]\w*)\r?\n/y;

/** @yields each piece of an HCL text */
export function* lexHcl(text: string): Generator<Token, void> {
  for (let at = 0; at < text.length;) {
    const passed = matchAt(blank, text, at);
    if (passed !== undefined) {
      at += passed.length;
      continue;
    }
    const token = tokenAt(text, at);
    yield token;
    at = token.whole.end;
  }
}

function tokenAt(text: string, at: number): Token {
  const make = (kind: Token['kind'], end: number): Token => {
    const span = { start: at, end };
    return { kind, span, whole: span, isHeredoc: false };
  };
  const character = text.charAt(at);
  if (character === '\n') return make('break', at + 1);
  if (character === '"') return quotedAt(text, at);
  if (character === '<') return heredocAt(text, at) ?? make('sign', at + 1);
  const word = matchAt(name, text, at);
  return word === undefined ? make('sign', at + 1) : make('name', at + word.length);
}

/** A template `${…}` within may hold texts of its own. */
function quotedAt(text: string, start: number): Token {
  let depth = 0;
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n' && depth === 0) break;
    if (character === '\\') at += 1;
    else if (character === '$' && text.charAt(at + 1) === '{') depth += 1;
    else if (character === '}' && depth > 0) depth -= 1;
    else if (character === '"' && depth === 0) break;
  }
  const end = Math.min(at, text.length);
  const closed = text.charAt(end) === '"' ? end + 1 : end;
  return { kind: 'text', span: { start: start + 1, end }, whole: { start, end: closed }, isHeredoc: false };
}

function heredocAt(text: string, start: number): Token | undefined {
  heredoc.lastIndex = start;
  const [all, mark = ''] = heredoc.exec(text) ?? [];
  if (all === undefined) return undefined;
  const body = start + all.length;
  for (let at = body; at < text.length;) {
    const next = text.indexOf('\n', at);
    const end = next === -1 ? text.length : next;
    if (text.slice(at, end).trim() === mark) {
      const span = { start: body, end: Math.max(body, at - 1) };
      return { kind: 'text', span, whole: { start, end }, isHeredoc: true };
    }
    at = end + 1;
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
