import { relative, resolve, sep } from 'node:path';
import { codeownersPaths, ownerRule, parseCodeowners } from '../../inventory/codeowners.ts';
import { readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { shippedPath } from '../../lib/shipped.ts';
import { readTreeFile } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Finding } from '../../model/finding.ts';
import { isScanFormat, loadRender, scanFormats, type ScanFormat } from '../../output/scan-formats.ts';
import type { Report, ReportView } from '../../output/report.ts';
import type { ScanFlags } from './scan-flags.ts';
import { nearest } from './suggest.ts';
import type { Eyes } from './survey.ts';

/** One report to make; to stdout where no file is named. */
export interface Output {
  readonly format: ScanFormat;
  readonly file: string | null;
}

/** Reads `--format` and `--output`. Nothing is scanned for a format that does not exist. Throws `usage`. */
export function toOutputs({ format, output = [] }: ScanFlags): readonly Output[] {
  const files = output.map((written) => toOutput(written, format));
  const printed = output.every((written) => /^[a-z]+=/.test(written));
  return printed ? [...files, { format, file: null }] : files;
}

function toOutput(written: string, fallback: ScanFormat): Output {
  const [, format, file] = /^([a-z]+)=(.*)$/s.exec(written) ?? [];
  if (format === undefined || file === undefined) return { format: fallback, file: written };
  if (isScanFormat(format) && file !== '') return { format, file };
  const meant = nearest(format, scanFormats);
  throw new AgentIdError('usage', '--output takes FILE or FORMAT=FILE', {
    where: written,
    hint: `${meant === undefined || meant === format ? '' : `Did you mean ${meant}? `}Formats: ${scanFormats.join(', ')}. A file with = in its name: ./${written}`,
  });
}

interface Wanted {
  readonly outputs: readonly Output[];
  readonly fails: (finding: Finding) => boolean;
  /** Paths say themselves where they begin: they are of a user's home, or of repositories that are not here. */
  readonly isElsewhere: boolean;
}

/** Writes every report that was asked for, files first. */
export async function writeReports(
  report: Report,
  { outputs, fails, isElsewhere }: Wanted,
  eyes: Eyes,
  io: Io,
): Promise<void> {
  const view: ReportView = {
    report,
    rules: eyes.ruleList,
    color: false,
    prefix: isElsewhere ? '' : prefixOf(io.cwd, eyes.root),
    fails,
    readOwners: () => (isElsewhere ? Promise.resolve(() => null) : readOwners(eyes)),
    readPagePart: async (name) => (await readTextIfThere(shippedPath(`output/page/${name}`))) ?? '',
  };
  for (const { format, file } of outputs) {
    const render = await loadRender(format);
    if (file === null) for (const part of await render({ ...view, color: io.color })) io.stdout(part);
    else await writeWhole(resolve(io.cwd, file), [...(await render(view))].join(''), 0o644);
  }
}

function prefixOf(cwd: string, root: string): string {
  const between = relative(cwd, root).split(sep).join('/');
  return between === '' ? '' : `${between}/`;
}

/** Asks the CODEOWNERS at the top of the repository. */
async function readOwners({ top, below }: Eyes): Promise<(path: string) => string | null> {
  for (const name of codeownersPaths) {
    const read = readTreeFile(resolve(top, name), 3_000_000);
    if ('reason' in read) continue;
    const rules = parseCodeowners(read.text);
    return (path) => ownerRule(rules, `${below}${path}`)?.owners.join(' ') ?? null;
  }
  return () => null;
}
