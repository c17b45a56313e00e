import { join, resolve } from 'node:path';
import { whyLine } from '../../detect/index.ts';
import { parseFile } from '../../formats/index.ts';
import { readTextIfThere } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Span } from '../../model/place.ts';
import { printable } from '../../output/error.ts';
import { openEyes, type GlobalOptions } from './survey.ts';

/** Says why what stands in `FILE:LINE` below the first of some folders that has it is reported, or why not. */
export async function describeLine(
  place: string,
  folders: readonly string[],
  flags: GlobalOptions,
  io: Io,
): Promise<string> {
  const { file = '', line = '' } = /^(?<file>.+):(?<line>\d+)$/.exec(place)?.groups ?? {};
  const { root, text } = await firstWith(
    file,
    folders.map((folder) => resolve(io.cwd, folder)),
  );
  const part = spanOf(text, Number(line));
  if (part === undefined) throw new AgentIdError('unknown-name', 'there is no such line', { where: place });
  const { rules } = await openEyes(root, flags, io);
  const facts = await parseFile(text, file).then(
    (read) => read?.facts ?? null,
    () => null,
  );
  const why = whyLine(text, facts, part, { rules, path: file });
  const none = 'nothing here stands under a telling name or has a known format';
  return `${[place, ...(why.length === 0 ? [none] : why)].map((one) => printable(one)).join('\n  ')}\n`;
}

async function firstWith(
  file: string,
  folders: readonly string[],
): Promise<{ readonly root: string; readonly text: string }> {
  for (const root of folders) {
    const text = await readTextIfThere(join(root, file));
    if (text !== undefined) return { root, text };
  }
  return { root: folders[0] ?? '', text: '' };
}

/** Finds a line by its number, from 1. */
function spanOf(text: string, line: number): Span | undefined {
  const lines = text.split('\n');
  const own = lines[line - 1];
  if (own === undefined || text === '') return undefined;
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return { start, end: start + own.length };
}
