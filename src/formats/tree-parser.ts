import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import { compileQuickly, readGrammar } from '../lib/grammars.ts';
import { AgentIdError } from '../model/error.ts';
import type { Span } from '../model/place.ts';
import type { Grammar, Node, Tree } from './tree.ts';

let started: Promise<void> | undefined;
const parsers = new Map<Grammar, Promise<Parser>>();

/** Loads a grammar once and gives a parser of it. Throws `unreadable` where the build did not unpack it. */
export async function loadTreeParser(grammar: Grammar): Promise<(text: string) => Tree> {
  let loading = parsers.get(grammar);
  if (loading === undefined) {
    loading = compileQuickly(() => load(grammar));
    parsers.set(grammar, loading);
  }
  const parser = await loading;
  return (text) => parse(parser, text);
}

async function load(grammar: Grammar): Promise<Parser> {
  started ??= Parser.init();
  await started;
  const language = await Language.load(await readGrammar(grammar));
  return new Parser().setLanguage(language);
}

function parse(parser: Parser, text: string): Tree {
  const tree = parser.parse(text);
  if (tree === null) throw new AgentIdError('internal', 'the parser gave no tree');
  const cursor = tree.walk();
  const broken: Span[] = [];
  try {
    return { root: toNode(cursor, undefined, broken), broken };
  } finally {
    cursor.delete();
    tree.delete();
  }
}

interface Growing extends Node {
  readonly children: Node[];
}

/** Copies the tree without recursion: hostile files nest deeper than a stack. */
function toNode(cursor: TreeCursor, parent: Node | undefined, broken: Span[]): Node {
  const root = copy(cursor, parent, broken);
  let at = root;
  const path: Growing[] = [];
  if (!cursor.gotoFirstChild()) return root;
  path.push(root);
  for (;;) {
    const above = path.at(-1);
    if (above === undefined) return root;
    at = copy(cursor, above, broken);
    above.children.push(at);
    if (cursor.gotoFirstChild()) {
      path.push(at);
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      cursor.gotoParent();
      path.pop();
      if (path.length === 0) return root;
    }
  }
}

function copy(cursor: TreeCursor, parent: Node | undefined, broken: Span[]): Growing {
  const { nodeType: type, startIndex: start, endIndex: end } = cursor;
  if (type === 'ERROR' || cursor.nodeIsMissing) broken.push({ start, end });
  return {
    type,
    start,
    end,
    named: cursor.nodeIsNamed,
    field: cursor.currentFieldName,
    parent,
    children: [],
  };
}
