import { brief, valueFlags, type CommandShape, type OptionShape, type ValueShape } from './shape.ts';

/** Renders a completion for fish: one line for each word that may follow. */
export function renderFish(shapes: readonly CommandShape[]): string {
  const paths = shapes.map(({ path }) => path).filter((path) => path !== '');
  const taking = shapes.filter(({ path }) => path === '').flatMap(valueFlags);
  return `# fish completion of agent-id: agent-id completion fish > ~/.config/fish/completions/agent-id.fish
function __agent_id_at --argument-names wanted
  set -l at ''
  set -l before ''
  for word in (commandline -opc)[2..-1]
    if test -z "$at"; and contains -- $before ${taking.map(quoted).join(' ')}
      set before ''
      continue
    end
    set before $word
    set -l next (string trim -- "$at $word")
    contains -- $next ${paths.map(quoted).join(' ')}; and set at $next
  end
  test "$at" = "$wanted"
end
complete -c agent-id -f
${shapes.flatMap(lines).join('\n')}
`;
}

function lines({ path, commands, options, argument }: CommandShape): readonly string[] {
  const start = `complete -c agent-id -n ${quoted(`__agent_id_at ${quoted(path)}`)}`;
  return [
    ...commands.map(({ name, summary }) => `${start} -a ${quoted(name)} -d ${quoted(brief(summary))}`),
    ...options.map((option) => `${start}${optionWords(option)} -d ${quoted(brief(option.summary))}`),
    ...(commands.length === 0 && argument.kind !== 'free' ? [`${start}${valueWords(argument)}`] : []),
  ];
}

function optionWords({ flags, value }: OptionShape): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  return `${names.join('')}${value === null ? '' : value.kind === 'file' ? ' -r -F' : ` -x${valueWords(value)}`}`;
}

function valueWords(value: ValueShape): string {
  if (value.kind === 'words') return ` -a ${quoted(value.words.join(' '))}`;
  return value.kind === 'file' ? ' -F' : '';
}

/** Within single quotes fish knows a backslash before itself and before a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
