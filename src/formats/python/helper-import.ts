import type { Edit } from '../../model/place.ts';
import { lineBreakOf, lineStartAt, nextLineAt } from '../lines.ts';
import { namedChildren, textOf, type Node } from '../tree.ts';
import { importedNames, type Script } from './script.ts';
import type { Adoption } from '../types.ts';

export interface HelperImport {
  /** What the file calls the helper. */
  readonly name: string;
  /** The modules that it takes. */
  readonly modules: readonly string[];
  readonly edits: readonly Edit[];
}

const call = 'importlib.import_module("agent-id.helper")';

/** Brings the helper into a file, once: its folder's name is none that an import statement can say. */
export function importHelper(
  script: Script,
  { helperPath, isPackaged = false }: Pick<Adoption, 'helperPath' | 'isPackaged'>,
  reason: string,
): HelperImport {
  const { text } = script;
  const there = /^([A-Za-z_]\w*) = importlib\.import_module\("agent-id\.helper"\)/m.exec(text)?.[1];
  if (there !== undefined) return { name: there, modules: ['importlib'], edits: [] };
  const bound = script.scopes.get(script.root)?.counts;
  const isTaken = script.nodes.some(
    (node) => node.type === 'identifier' && textOf(node, text) === 'agent_id',
  );
  const name = isTaken ? 'agent_id_helper' : 'agent_id';
  const ups = helperPath.split('/').filter((part) => part === '..').length;
  // Python looks in the folder of the file that it was started with: no other file's own.
  const isElsewhere = ups > 0 || isPackaged;
  const modules = isElsewhere ? ['importlib', 'pathlib', 'sys'] : ['importlib'];
  const missing = modules.filter((module) => bound?.has(module) !== true);
  const lineBreak = lineBreakOf(text);
  const lines = [
    ...(!isElsewhere ? [] : [`sys.path.append(str(pathlib.Path(__file__).resolve().parents[${ups}]))`]),
    `${name} = ${call}`,
  ];
  const imports = missing.map((module) => `import ${module}${lineBreak}`).join('');
  return { name, modules, edits: place(script, imports, lines.join(lineBreak), reason) };
}

function place(script: Script, imports: string, lines: string, reason: string): readonly Edit[] {
  const { root, text } = script;
  const lineBreak = lineBreakOf(text);
  const top = topImports(script);
  const last = top.at(-1);
  const at = last === undefined ? startOf(root, text) : nextLineAt(text, last.end);
  const lead = at > 0 && text.charAt(at - 1) !== '\n' ? lineBreak : '';
  const tail = at < text.length && text.slice(at, nextLineAt(text, at)).trim() !== '' ? lineBreak : '';
  const body = `${at === 0 ? '' : lineBreak}${lines}${lineBreak}${tail}`;
  const spot = importSpot(text, top);
  if (spot === undefined || imports === '' || spot === at) {
    return [{ span: { start: at, end: at }, text: `${lead}${imports}${body}`, reason }];
  }
  return [
    { span: { start: spot, end: spot }, text: imports, reason },
    { span: { start: at, end: at }, text: `${lead}${body}`, reason },
  ];
}

/** The imports at the head of a file; a `try` around some and changes of the path count as such. */
function topImports({ root, text }: Script): readonly Node[] {
  const found: Node[] = [];
  for (const [index, node] of namedChildren(root).entries()) {
    const words = textOf(node, text);
    if (/import_(from_)?statement$/.test(node.type)) found.push(node);
    else if (
      /^(try|if)_statement$/.test(node.type) &&
      /^\s+(from|import)\s/m.test(words) &&
      !words.startsWith('if __name__')
    ) {
      found.push(node);
    } else if (!words.startsWith('sys.path.') && !(index === 0 && /^[rubf]*["']/i.test(words))) break;
  }
  return found;
}

/** Behind the docstring, or behind the comments at the head. */
function startOf(root: Node, text: string): number {
  const first = root.children.find((node) => node.type !== 'comment');
  if (first === undefined) return text.length;
  const isDocstring = /^[ru]*["']/i.test(text.slice(first.start)) && first.type === 'expression_statement';
  return isDocstring ? nextLineAt(text, first.end) : lineStartAt(text, first.start);
}

/** Where a plain import of the standard library stands in the alphabet of the first group. */
function importSpot(text: string, top: readonly Node[]): number | undefined {
  const first = top.findIndex((node) => /^import_(from_)?statement$/.test(node.type));
  if (first === -1) return undefined;
  const group: Node[] = [];
  for (const node of top.slice(first)) {
    const before = group.at(-1);
    if (before !== undefined && /\n\s*\n/.test(text.slice(before.end, node.start))) break;
    group.push(node);
  }
  const plain = group.filter((node) => node.type === 'import_statement');
  const next = plain.find((node) => (importedNames(node, text)[0]?.name ?? '') > 'importlib');
  if (next !== undefined) return lineStartAt(text, next.start);
  const last = plain.at(-1);
  return last === undefined ? lineStartAt(text, group[0]?.start ?? 0) : nextLineAt(text, last.end);
}
