import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import { emptyDraft, type Draft } from '../draft.ts';
import { joinKey } from '../key-path.ts';
import { addScript } from '../mapped.ts';
import type { ReadScript } from '../shell/script.ts';
import { mapScalar } from './scalar-text.ts';
import { pairOf, scalarOf, type Holder } from './walk.ts';

interface Target {
  readonly text: string;
  readonly readScript: ReadScript;
  readonly draft: Draft;
}

/** Reads `command: [node, main.js]`, with `args` behind it where there are some. */
export function addCommands(target: Target, { node, path }: Holder): void {
  if (!isMap(node)) return;
  const lists = ['command', 'entrypoint', 'args'].filter((key) => isSeq(pairOf(node, key)?.value));
  const [first] = lists;
  if (first === undefined) return;
  const program = first === 'args' ? scalarOf(node, 'command') : undefined;
  const words = [...(program === undefined ? [] : [program]), ...lists.flatMap((key) => wordsOf(node, key))];
  const [start, end] = [words[0]?.range?.[0], words.at(-1)?.range?.[1]];
  if (start === undefined || end === undefined) return;
  const argv = words.map((word) => String(word.value));
  const slot = joinKey(path, program === undefined ? first : 'command');
  target.draft.commands.push({ argv, env: [], span: { start, end }, slot });
  addInnerScript(target, words, argv, slot);
}

function wordsOf(node: unknown, key: string): readonly Scalar[] {
  const value = pairOf(node, key)?.value;
  return isSeq(value) ? value.items.filter((item): item is Scalar => isScalar(item)) : [];
}

/** `[sh, -c, 'script']` runs what the script says. */
function addInnerScript(
  { text, readScript, draft }: Target,
  words: readonly Scalar[],
  argv: readonly string[],
  slot: string,
): void {
  const at = argv.findIndex((word) => /^-\w*c$/.test(word)) + 1;
  const script = at > 0 && /(^|\/)(ba|z|da|k)?sh$/.test(argv[0] ?? '') ? words[at] : undefined;
  const mapped = script && mapScalar(script, text);
  if (mapped === undefined) return;
  const { commands } = readScript(mapped.text);
  addScript(draft, { ...emptyDraft(), commands: [...commands] }, mapped, slot);
}
