import { AgentIdError } from '../../model/error.ts';
import { nearest } from './suggest.ts';

/** One output to make; to stdout where no file is named. */
export interface Output<Format extends string> {
  readonly format: Format;
  readonly file: string | null;
}

/** Reads `--format` and `--output`, of those that a verb has. Nothing is done for one that does not exist. Throws `usage`. */
export function toOutputs<Format extends string>(
  format: Format,
  output: readonly string[],
  formats: readonly Format[],
): readonly Output<Format>[] {
  const files = output.map((written) => toOutput(written, format, formats));
  const printed = output.every((written) => /^[a-z]+=/.test(written));
  return printed ? [...files, { format, file: null }] : files;
}

function toOutput<Format extends string>(
  written: string,
  fallback: Format,
  formats: readonly Format[],
): Output<Format> {
  const [, name, file] = /^([a-z]+)=(.*)$/s.exec(written) ?? [];
  if (name === undefined || file === undefined) return { format: fallback, file: written };
  const format = formats.find((one) => one === name);
  if (format !== undefined && file !== '') return { format, file };
  const meant = nearest(name, formats);
  throw new AgentIdError('usage', '--output takes FILE or FORMAT=FILE', {
    where: written,
    hint: `${meant === undefined || meant === name ? '' : `Did you mean ${meant}? `}Formats: ${formats.join(', ')}. A file with = in its name: ./${written}`,
  });
}
