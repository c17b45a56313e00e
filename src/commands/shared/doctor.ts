import { gitTop } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import type { Check } from '../../model/check.ts';
import { AgentIdError } from '../../model/error.ts';
import { renderChecks } from '../../output/doctor-text.ts';
import { envelope } from '../../output/version.ts';
import { checkGit, checkNode, checkState } from './doctor-machine.ts';
import { checkBaseline, checkConfig, checkHelpers, checkHook, checkMigration } from './doctor-repository.ts';
import { checkAudit, checkLock, checkTrust } from './doctor-trust.ts';
import { bad, type Diagnosis, type DoctorFlags, type Ward } from './doctor-ward.ts';

const checks: Readonly<Record<string, (ward: Ward) => Diagnosis | Promise<Diagnosis>>> = {
  node: checkNode,
  git: checkGit,
  'state folder': ({ io }) => checkState(statePaths(io.env)),
  'identity providers': checkTrust,
  'audit log': checkAudit,
  settings: checkConfig,
  baseline: checkBaseline,
  hook: checkHook,
  'lock file': checkLock,
  helpers: checkHelpers,
  migration: checkMigration,
};

/** Runs every check, prints, and exits with 1 where something is to be mended. Reads only. */
export async function runDoctor(flags: DoctorFlags, io: Io): Promise<void> {
  const top = await gitTop(io.cwd);
  const ward: Ward = { io, flags, root: top ?? io.cwd, inGit: top !== undefined };
  const found: Check[] = [];
  for (const [name, look] of Object.entries(checks)) found.push({ name, ...(await diagnose(look, ward)) });
  if (flags.format === 'json') io.stdout(`${JSON.stringify({ ...envelope, checks: found }, null, 2)}\n`);
  else io.stdout(renderChecks(found));
  if (found.some(({ state }) => state === 'bad')) io.exitCode = 1;
}

/** What cannot be read is a fault too; the error says how to mend it. */
async function diagnose(look: (typeof checks)[string], ward: Ward): Promise<Diagnosis> {
  try {
    return await look(ward);
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    const where = error.where === undefined ? '' : ` (${error.where})`;
    return bad(`${error.message}${where}`, error.hint ?? `agent-id explain ${error.code}`);
  }
}
