import { join } from 'node:path';
import { baselineName } from '../../lib/baseline.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { readTextIfThere, writeWhole } from '../../lib/files.ts';
import { gitTop, runGit } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import type { ScanFlags } from './scan-flags.ts';

const DAY = 86_400_000;
const LONGEST_ADVISED_DAYS = 90;

/** Why findings are accepted, and the last day on which they are. */
export interface Why {
  readonly reason: string;
  readonly expires: string;
}

/** Refuses `--write-baseline` without a reason and a last day, before anything is read or written. Throws `usage`. */
export function assertWhy(flags: ScanFlags, io: Io): void {
  if (flags.writeBaseline !== true) return;
  if (flags.since !== undefined)
    throw new AgentIdError('usage', '--write-baseline and --since exclude each other', {
      hint: 'What counts with --since is the baseline at that commit. Write it without --since.',
    });
  toWhy(flags, toTimestamp(io.clock()).slice(0, 10));
}

/** Reads `--reason` and `--expires`. Throws `usage` and says what is missing. */
export function toWhy({ reason, expires }: ScanFlags, today: string): Why {
  if (reason === undefined || reason.trim() === '')
    throw new AgentIdError('usage', '--write-baseline needs --reason', {
      hint: 'Say in a few words why these may stay: --reason "sandbox org, reset every night".',
    });
  const example = toTimestamp(fromTimestamp(`${today}T00:00:00Z`) + LONGEST_ADVISED_DAYS * DAY).slice(0, 10);
  const hint = `Nothing is accepted for ever, and no day is chosen for you: name the last one on which these may stay, for example --expires ${example} (${LONGEST_ADVISED_DAYS} days from now).`;
  if (expires === undefined) throw new AgentIdError('usage', '--write-baseline needs --expires', { hint });
  if (!isDay(expires))
    throw new AgentIdError('usage', '--expires takes a day that exists, YYYY-MM-DD', {
      where: expires,
      hint,
    });
  if (expires < today)
    throw new AgentIdError('usage', '--expires lies in the past', { where: expires, hint });
  return { reason: reason.trim(), expires };
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = fromTimestamp(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && toTimestamp(time).startsWith(text);
}

/** Tells git to keep the lines of both sides, since each line is an entry of its own. Leaves a choice of the user alone. */
export async function mergeByLine(top: string, io: Io): Promise<void> {
  if ((await gitTop(top)) === undefined) return;
  const { code, stdout } = await runGit(top, ['check-attr', 'merge', '--', baselineName]);
  if (code !== 0 || !stdout.toString().trimEnd().endsWith(': unspecified')) return;
  const file = join(top, '.gitattributes');
  const before = (await readTextIfThere(file)) ?? '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await writeWhole(file, `${before}${gap}${baselineName} merge=union\n`, 0o644);
  io.stderr('Written: .gitattributes, so that git merges baselines line by line. Commit it too.\n');
}
