import { isAbsolute } from 'node:path';
import type { Io } from '../../lib/io.ts';
import { systemPlatform } from '../../lib/system.ts';
import { realPath } from '../../lib/walk.ts';
import { AgentIdError } from '../../model/error.ts';
import { toPathFilter } from '../../sources/glob.ts';
import { listMachine, type Listed, type Listing } from '../../sources/machine/list.ts';
import type { Machine } from '../../sources/machine/types.ts';
import { openMachine } from '../../sources/machine/open.ts';
import type { TextSource } from '../../sources/types.ts';
import type { ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** Gives the folder of the user whose files are looked at. Throws `no-home`. */
export function homeOf({ env }: Io): Promise<string> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  if (isAbsolute(home)) return realPath(home);
  throw new AgentIdError('no-home', 'there is no folder of a user to look at', {
    where: `HOME=${home}`,
    hint: 'Set HOME to an absolute path.',
  });
}

/** Opens this user's own files, narrowed by the globs of the command line. */
export async function openMachineSource(
  maxBytes: number,
  eyes: Eyes,
  flags: ScanFlags,
  io: Io,
): Promise<TextSource> {
  const machine = machineOf(eyes.root, io);
  const isWanted = toPathFilter(flags.include ?? [], flags.exclude ?? []);
  const listed = listMachine(machine);
  const listing: Listing = { ...listed, files: listed.files.filter(({ path }) => isWanted(path)) };
  if (flags.verbose === true) for (const file of listing.files) io.stderr(`reading ${toLine(file)}`);
  const source = await openMachine(machine, listing, maxBytes);
  return { ...source, named: (source.named ?? []).filter(({ path }) => isWanted(path)) };
}

/** Prints what would be read, and reads nothing. */
export async function listMachineFiles(io: Io): Promise<void> {
  const { files, skipped } = listMachine(machineOf(await homeOf(io), io));
  for (const file of files) io.stdout(toLine(file));
  io.stdout('crontab -l\n');
  if (systemPlatform === 'linux')
    io.stdout('/proc/*/environ  names, never values, in processes of this user\n');
  for (const { path, reason } of skipped) io.stderr(`skipped: ${path}: ${reason}\n`);
}

function machineOf(home: string, { env }: Io): Machine {
  return { home, platform: systemPlatform, env, system: '/' };
}

function toLine({ path, what }: Listed): string {
  return `${path}  ${what}\n`;
}
