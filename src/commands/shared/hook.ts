import { dirname, join, resolve } from 'node:path';
import { deleteFile, makeFolder, moveFile, readTextIfThere, writeWhole } from '../../lib/files.ts';
import { gitTop, runGit } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
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
  if (before !== undefined) await moveFile(path, `${path}.before-agent-id`);
  await writeWhole(path, hookText(before !== undefined), 0o755);
  io.stderr(`Installed: ${path}${before === undefined ? '' : '\nThe hook that was there runs first.'}\n`);
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
    .find((line) => line !== '' && line !== '/dev/null');
  if (chosen !== undefined) return resolve(top, chosen, 'pre-commit');
  const common = (await runGit(top, ['rev-parse', '--git-common-dir'])).stdout.toString().trim();
  return join(resolve(top, common), 'hooks', 'pre-commit');
}

/** Finds the program by PATH at the time of the commit, so that a moved installation is no lockout. */
function hookText(chained: boolean): string {
  const first = chained ? '"$0.before-agent-id" "$@" || exit $?\n' : '';
  return `#!/bin/sh
${mark}
${first}if command -v agent-id >/dev/null 2>&1; then
  exec agent-id hook run
fi
if [ -x node_modules/.bin/agent-id ]; then
  exec node_modules/.bin/agent-id hook run
fi
echo 'agent-id is not installed: what is staged was not scanned' >&2
exit 1
`;
}
