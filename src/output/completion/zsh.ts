import { brief, quoted, valueFlags, type CommandShape, type ValueShape } from './shape.ts';

/** Renders a completion for zsh: as the file `_agent-id` in a folder of `fpath`, or evaluated after `compinit`. */
export function renderZsh(shapes: readonly CommandShape[]): string {
  return `#compdef agent-id
# zsh completion of agent-id. In ~/.zshrc, after compinit: eval "$(agent-id completion zsh)"
_agent-id() {
  local at= word= skip= i flag=
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    if [[ -n $skip ]]; then skip=; continue; fi
    if [[ $word == '--' ]]; then shift $i words; ((CURRENT -= i)); _normal; return; fi
    case "$at|$word" in
${shapes.flatMap(walkCases).join('\n')}
    esac
  done
  flag="\${words[CURRENT-1]}"
  if [[ \${words[CURRENT]} == --*=* ]]; then flag="\${words[CURRENT]%%=*}"; compset -P '*='; fi
  case "$at|$flag" in
${shapes.flatMap(valueCases).join('\n')}
  esac
  local -a all
  if [[ \${words[CURRENT]} == -* ]]; then
    case "$at" in
${shapes.map(flagCase).join('\n')}
    esac
    _describe -o option all
    return
  fi
  case "$at" in
${shapes.map(wordCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _agent-id ]]; then _agent-id "$@"; else compdef _agent-id agent-id; fi
`;
}

function walkCases(shape: CommandShape): readonly string[] {
  const { path, commands } = shape;
  const taking = valueFlags(shape).map((flag) => quoted(`${path}|${flag}`));
  return [
    ...commands.map(
      ({ name }) =>
        `      ${quoted(`${path}|${name}`)}) at=${quoted(path === '' ? name : `${path} ${name}`)} ;;`,
    ),
    ...(taking.length === 0 ? [] : [`      ${taking.join(' | ')}) skip=1 ;;`]),
  ];
}

function valueCases({ path, options }: CommandShape): readonly string[] {
  return options.flatMap(({ flags, value }) => {
    if (value === null) return [];
    const places = flags.map((flag) => quoted(`${path}|${flag}`)).join(' | ');
    return [`    ${places}) ${reply(value)}; return ;;`];
  });
}

function flagCase({ path, options }: CommandShape): string {
  const all = options.flatMap(({ flags, summary }) => flags.map((flag) => described(flag, summary)));
  return `      ${quoted(path)}) all=(${all.join(' ')}) ;;`;
}

function wordCase({ path, commands, argument }: CommandShape): string {
  if (commands.length === 0) return `    ${quoted(path)}) ${reply(argument)} ;;`;
  const all = commands.map(({ name, summary }) => described(name, summary));
  return `    ${quoted(path)}) all=(${all.join(' ')}); _describe command all ;;`;
}

function reply(value: ValueShape): string {
  if (value.kind === 'words') return `compadd -- ${value.words.map(quoted).join(' ')}`;
  return value.kind === 'file' ? '_files' : ':';
}

function described(name: string, summary: string): string {
  return quoted(`${name.replaceAll(':', String.raw`\:`)}:${brief(summary)}`);
}
