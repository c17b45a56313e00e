import { relative, resolve, sep } from 'node:path';
import { codeownersPaths, ownerRule, parseCodeowners } from '../../inventory/codeowners.ts';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { readTreeFile } from '../../lib/walk.ts';
import type { Finding } from '../../model/finding.ts';
import { loadRender, type ScanFormat } from '../../output/scan-formats.ts';
import type { Report, ReportView } from '../../output/report.ts';
import type { Output } from './outputs.ts';
import { readPagePart } from './page-part.ts';
import type { Eyes } from './survey.ts';

interface Wanted {
  readonly outputs: readonly Output<ScanFormat>[];
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
    readPagePart,
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
