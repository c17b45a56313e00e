import { field, textOf, type Node } from '../tree.ts';
import { refuse, type Refusal } from './found.ts';
import { argumentsOf, dotted, initOf, type Script } from './script.ts';

/** An option of a command line of which the secret is the default. */
export interface Option {
  readonly statement: Node;
  /** As it is typed: `--api-token`. */
  readonly flag: string;
  /** Where the parsed value is read. */
  readonly reads: readonly Node[];
}

/** `parser.add_argument("--api-token", default=os.environ.get("T"))`: the option goes, its reads are followed. */
export function optionWithDefault(script: Script, top: Node): Option | Refusal | undefined {
  const { text } = script;
  const call = optionOf(top, text);
  if (call === undefined) return undefined;
  const flag = flagOf(call, text);
  const statement = call.parent;
  if (flag === undefined || statement?.type !== 'expression_statement')
    return refuse(call, 'which option of the command line it is the default of is not known');
  const reads = readsOf(script, keywordOf(call, 'dest', text) ?? flag.slice(2).replaceAll('-', '_'));
  const other = reads.find((node) => !isParsed(script, node));
  if (other === undefined) return { statement, flag, reads };
  return refuse(other, `what is read here is not known to be the option ${flag}`);
}

/** The call that adds an option of which a value is the default. */
function optionOf(top: Node, text: string): Node | undefined {
  const keyword = top.parent;
  const isDefault =
    keyword?.type === 'keyword_argument' && textOf(field(keyword, 'name'), text) === 'default';
  const call = isDefault ? keyword.parent?.parent : undefined;
  const isAdded = call?.type === 'call' && dotted(field(call, 'function'), text).endsWith('.add_argument');
  return isAdded ? call : undefined;
}

/** Every read of a field of this name but of `self`; a call that takes all options as a whole is none. */
function readsOf({ nodes, text }: Script, name: string): readonly Node[] {
  return nodes.filter((node) => {
    if (node.type === 'call') return dotted(field(node, 'function'), text) === 'vars';
    const isNamed = node.type === 'attribute' && textOf(field(node, 'attribute'), text) === name;
    return isNamed && !/^(self|cls)$/.test(textOf(field(node, 'object'), text));
  });
}

function flagOf(call: Node, text: string): string | undefined {
  const words = argumentsOf(call).flatMap((one) =>
    one.type === 'string' ? [textOf(one, text).slice(1, -1)] : [],
  );
  return words.find((one) => /^--[\w-]+$/.test(one));
}

function keywordOf(call: Node, name: string, text: string): string | undefined {
  const found = argumentsOf(call).find(
    (one) => one.type === 'keyword_argument' && textOf(field(one, 'name'), text) === name,
  );
  return found && textOf(field(found, 'value'), text).slice(1, -1);
}

/** A read of `args`, where `args = parser.parse_args()`. */
function isParsed(script: Script, read: Node): boolean {
  const object = read.type === 'attribute' && read.field !== 'left' ? field(read, 'object') : undefined;
  const init = object?.type === 'identifier' ? initOf(script, object) : undefined;
  return dotted(init, script.text).endsWith('.parse_args()');
}
