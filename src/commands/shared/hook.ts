import { dirname, join, resolve } from 'node:path';
import { deleteFile, makeFolder, moveFile, readTextIfThere, writeWhole } from '../../lib/files.ts';
import { gitTop, runGit } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { programCommand } from '../../lib/shipped.ts';
import { AgentIdError } from '../../model/error.ts';

const mark = '# agent-id hook';

/** Writes the pre-commit hook; one that is there already runs first. Safe to repeat. */
export async function installHook(io: Io): Promise<void> {
  const path = await hookPath(io);
  const before = await readTextIfThere(path);
  if (before?.includes(mark) === true) {
    io.stderr(`The hook is installed already: ${path}\n`);
    return;
  }
  await makeFolder(dirname(path));
  if (before !== undefined) await keepHook(path);
  await writeWhole(path, hookText(before !== undefined), 0o755);
  io.stderr(`Installed: ${path}${before === undefined ? '' : '\nThe hook that was there runs first.'}\n`);
}

/** The hook that is there moves aside; never over another one that was moved aside before. */
async function keepHook(path: string): Promise<void> {
  const aside = `${path}.before-agent-id`;
  if ((await readTextIfThere(aside)) !== undefined) {
    throw new AgentIdError('conflict', 'two hooks would have to be kept, and there is room for one', {
      where: aside,
      hint: 'Merge the two by hand, remove the file, and install again.',
    });
  }
  await moveFile(path, aside);
}

/** Removes our hook and puts back the one that was there before. */
export async function uninstallHook(io: Io): Promise<void> {
  const path = await hookPath(io);
  if ((await readTextIfThere(path))?.includes(mark) !== true) {
    io.stderr('There is no hook of agent-id here.\n');
    return;
  }
  await deleteFile(path);
  if ((await readTextIfThere(`${path}.before-agent-id`)) !== undefined)
    await moveFile(`${path}.before-agent-id`, path);
  io.stderr(`Removed: ${path}\n`);
}

/** Finds where git looks for the hook; that setting is the user's, so it is asked without our own override. */
async function hookPath(io: Io): Promise<string> {
  const top = await gitTop(io.cwd);
  if (top === undefined)
    throw new AgentIdError('no-git', 'there is no git repository here', {
      where: io.cwd,
      hint: 'Run git init first.',
    });
  const configured = await runGit(top, ['config', '--path', '--get-all', 'core.hooksPath']);
  const chosen = configured.stdout
    .toString()
    .split('\n')
    .findLast((line) => line !== '' && line !== '/dev/null');
  if (chosen !== undefined) return resolve(top, chosen, 'pre-commit');
  const common = (await runGit(top, ['rev-parse', '--git-common-dir'])).stdout.toString().trim();
  return join(resolve(top, common), 'hooks', 'pre-commit');
}

/** Runs this installation, else the one on PATH: never a program that the repository brings along. */
function hookText(chained: boolean): string {
  const first = chained ? '"$0.before-agent-id" "$@" || exit $?\n' : '';
  const [node, program] = programCommand().map(quote);
  return `#!/bin/sh
${mark}
${first}if [ -x ${node} ] && [ -f ${program} ]; then
  exec ${node} ${program} hook run
fi
if command -v agent-id >/dev/null 2>&1; then
  exec agent-id hook run
fi
echo 'agent-id is not where it was: what is staged was not scanned. Install it again, then: agent-id hook install' >&2
exit 1
`;
}

function quote(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
