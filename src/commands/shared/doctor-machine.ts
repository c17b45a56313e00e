import { join } from 'node:path';
import { isFolder, listFilesBelow } from '../../lib/folder.ts';
import { runGit } from '../../lib/git.ts';
import { openModes } from '../../lib/modes.ts';
import type { StatePaths } from '../../lib/state.ts';
import { nodeVersion, systemPlatform } from '../../lib/system.ts';
import { AgentIdError } from '../../model/error.ts';
import { bad, none, ok, type Diagnosis, type Ward } from './doctor-ward.ts';

/** What `engines` of package.json says, and the launcher. */
export function checkNode(): Diagnosis {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (fits) return ok(nodeVersion);
  return bad(`${nodeVersion} is not supported`, 'Install Node 20.19 or later, or 22.12 or later.');
}

export async function checkGit({ io, inGit, root }: Ward): Promise<Diagnosis> {
  try {
    const { stdout } = await runGit(io.cwd, ['--version']);
    const version = stdout.toString().trim().replace('git version ', '');
    return ok(inGit ? `${version}, repository ${root}` : `${version}, no repository here`);
  } catch (error) {
    if (!(error instanceof AgentIdError)) throw error;
    return bad('git cannot be run', 'Install git: without it only folders are scanned.');
  }
}

/** Keys and trust are this user's alone. */
export function checkState(state: StatePaths): Diagnosis {
  if (systemPlatform === 'win32') return none('modes say nothing on Windows');
  if (!isFolder(state.home)) return none(`${state.home} is not made yet`);
  const folders = [state.home, state.idp, state.keys, state.audit, state.tx];
  const files = [state.idp, state.keys, state.audit].flatMap((folder) =>
    listFilesBelow(folder).map((name) => join(folder, name)),
  );
  const open = openModes([...folders, ...files]);
  const [first] = open;
  if (first !== undefined) {
    const more = open.length === 1 ? '' : `, and ${open.length - 1} more`;
    return bad(`others may read or enter ${first}${more}`, `chmod -R go-rwx '${state.home}'`);
  }
  return ok(`${state.home}, ${files.length} files that only you can read`);
}
