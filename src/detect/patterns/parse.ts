import { RegExpParser, type AST } from '@eslint-community/regexpp';

const parser = new RegExpParser({ ecmaVersion: 2023 });

/** Parses a pattern. Throws a `SyntaxError` of the parser for one that is none. */
export function parsePattern(source: string): AST.Pattern {
  return parser.parsePattern(source);
}
