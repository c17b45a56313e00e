import { quoted, valueFlags, type CommandShape, type ValueShape } from './shape.ts';

/**
 * Renders a completion for bash 3.2 and later, without the package bash-completion. `=` and `:` are word breaks there:
 * a flag may be two words before what is completed.
 */
export function renderBash(shapes: readonly CommandShape[]): string {
  return `# bash completion of agent-id. In ~/.bashrc: eval "$(agent-id completion bash)"
_agent_id_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$1"))
  compopt -o filenames 2> /dev/null
}
_agent_id() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at= word= skip= i
  if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n $skip ]]; then skip=; [[ $word == '=' ]] && skip=1; continue; fi
    if [[ $word == '--' ]]; then
      if [[ $prev == '--' ]]; then COMPREPLY=($(compgen -c -- "$cur")); else _agent_id_files "$cur"; fi
      return
    fi
    case "$at|$word" in
${shapes.flatMap(walkCases).join('\n')}
    esac
  done
  COMPREPLY=()
  case "$at|$prev" in
${shapes.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "$at" in
${shapes.map(flagCase).join('\n')}
    esac
    return
  fi
  case "$at" in
${shapes.map(wordCase).join('\n')}
  esac
}
complete -F _agent_id agent-id
`;
}

function walkCases(shape: CommandShape): readonly string[] {
  const { path, commands } = shape;
  const taking = valueFlags(shape).map((flag) => quoted(`${path}|${flag}`));
  return [
    ...commands.map(({ name }) => `      ${quoted(`${path}|${name}`)}) at=${quoted(join(path, name))} ;;`),
    ...(taking.length === 0 ? [] : [`      ${taking.join(' | ')}) skip=1 ;;`]),
  ];
}

function valueCases({ path, options }: CommandShape): readonly string[] {
  return options.flatMap(({ flags, value }) => {
    if (value === null) return [];
    const places = flags.map((flag) => quoted(`${path}|${flag}`)).join(' | ');
    return [`    ${places}) ${reply(value) ?? ':'}; return ;;`];
  });
}

function flagCase({ path, options }: CommandShape): string {
  const flags = options.flatMap((option) => option.flags);
  return `      ${quoted(path)}) ${words(flags)} ;;`;
}

function wordCase({ path, commands, argument }: CommandShape): string {
  const own = commands.length === 0 ? reply(argument) : words(commands.map(({ name }) => name));
  return `    ${quoted(path)}) ${own ?? ':'} ;;`;
}

function reply(value: ValueShape): string | undefined {
  if (value.kind === 'words') return words(value.words);
  return value.kind === 'file' ? '_agent_id_files "$cur"' : undefined;
}

function words(all: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quoted(all.join(' '))} -- "$cur"))`;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path} ${name}`;
}
