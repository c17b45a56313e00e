/** How one word of a command line names the value in it. */
export interface NamedArgument {
  readonly name: string;
  /** Offset of the value in the word. */
  readonly from: number;
  /** Whether the word before belongs to it: `-H`, `--token`. */
  readonly joined: boolean;
}

const headerFlag = /^(-H|--header|--http-header)$/;
const variableFlag = /^(-e|--env|--build-arg|-v|--var)$/;
const header = /^([A-Za-z][\w-]*):[ \t]*(?=\S)/;

/** Names the value in a word: `-H "Authorization: …"`, `--token=…`, `--token …`, `-e NAME=…`. */
export function nameArgument(previous: string | undefined, word: string): NamedArgument | undefined {
  const before = previous ?? '';
  const field = header.exec(word);
  if (field?.[1] !== undefined && (headerFlag.test(before) || /^(authorization|x-[\w-]+)$/i.test(field[1]))) {
    return { name: field[1], from: field[0].length, joined: headerFlag.test(before) };
  }
  const assigned = /^(--?[A-Za-z][\w.-]*|[A-Za-z_]\w*)=/.exec(word);
  if (assigned?.[1] !== undefined) {
    return { name: assigned[1], from: assigned[0].length, joined: variableFlag.test(before) };
  }
  if (/^--?[A-Za-z]/.test(before) && !before.includes('=') && !word.startsWith('-')) {
    return { name: before, from: 0, joined: true };
  }
  return undefined;
}
