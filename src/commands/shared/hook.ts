import { dirname } from 'node:path';
import { deleteFile, makeFolder, moveFile, readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { programCommand } from '../../lib/shipped.ts';
import { AgentIdError } from '../../model/error.ts';
import { findHookPlace, type HookPlace } from './hook-place.ts';
import { hookMark, withBlock, withoutBlock } from './hook-block.ts';

/** Installs the hook where this repository keeps its hooks, or says what to add there. Safe to repeat. */
export async function installHook(io: Io): Promise<void> {
  const place = await findHookPlace(io.cwd);
  if (place.kind === 'manager') adviseToAdd(place, io);
  else if ((await readTextIfThere(place.path))?.includes(hookMark) === true)
    io.stderr(`The hook is installed already: ${place.path}\n`);
  else if (place.kind === 'shared') await installShared(place, io);
  else await installOwn(place.path, io);
  if (place.kind !== 'manager' && place.note !== undefined) io.stderr(`${place.note}\n`);
}

/** Takes our hook out, and puts back the one that was there before. */
export async function uninstallHook(io: Io): Promise<void> {
  const place = await findHookPlace(io.cwd);
  if (place.kind === 'manager') {
    const said = place.named ? `Take agent-id out of ${place.file}.` : 'There is no hook of agent-id here.';
    io.exitCode = place.named ? 1 : 0;
    io.stderr(`${said}\n`);
    return;
  }
  const text = await readTextIfThere(place.path);
  if (text?.includes(hookMark) !== true) {
    io.stderr('There is no hook of agent-id here.\n');
    return;
  }
  if (place.kind === 'shared') await uninstallShared(place.path, text);
  else await uninstallOwn(place.path);
  io.stderr(`Removed: ${place.path}\n`);
}

function adviseToAdd(place: HookPlace & { readonly kind: 'manager' }, io: Io): void {
  if (place.named) {
    io.stderr(`The hook is installed already: ${place.file} names agent-id.\n`);
    return;
  }
  io.exitCode = 1;
  io.stderr(
    `This repository keeps its hooks with ${place.manager}, so nothing was written. Add to ${place.file}:\n\n${place.addition}\nThen: ${place.next}\n`,
  );
}

/** A file that others share gets a block that holds no path of this machine. */
async function installShared(place: HookPlace & { readonly kind: 'shared' }, io: Io): Promise<void> {
  const before = await readTextIfThere(place.path);
  const text = withBlock(before);
  if (text === undefined) {
    throw new AgentIdError('conflict', 'the hook that is there is no shell script', {
      where: place.path,
      hint: 'Let it run: agent-id hook run, and end with its exit code.',
    });
  }
  makeFolder(dirname(place.path));
  await writeWhole(place.path, text, 0o755);
  io.stderr(
    `${before === undefined ? 'Installed' : 'Added to the hook that was there'}: ${place.path}\nCommit it. Whoever commits needs agent-id on the PATH.\n`,
  );
}

async function uninstallShared(path: string, text: string): Promise<void> {
  const left = withoutBlock(text);
  if (left === '') await deleteFile(path);
  else await writeWhole(path, left, 0o755);
}

async function installOwn(path: string, io: Io): Promise<void> {
  const before = await readTextIfThere(path);
  makeFolder(dirname(path));
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

async function uninstallOwn(path: string): Promise<void> {
  await deleteFile(path);
  if ((await readTextIfThere(`${path}.before-agent-id`)) !== undefined)
    await moveFile(`${path}.before-agent-id`, path);
}

/** Runs this installation, else the one on PATH: never a program that the repository brings along. */
function hookText(chained: boolean): string {
  const first = chained ? '"$0.before-agent-id" "$@" || exit $?\n' : '';
  const [node, program] = programCommand().map(quote);
  return `#!/bin/sh
${hookMark}
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
