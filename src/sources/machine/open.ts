import { captureCommand } from '../../lib/capture.ts';
import { listOwnProcesses } from '../../lib/own-processes.ts';
import { decodeText } from '../../lib/text.ts';
import { TreeReader, type Content } from '../../lib/tree-reader.ts';
import type { Skipped } from '../../model/place.ts';
import type { NamedSecret, TextSource } from '../types.ts';
import type { Listing } from './list.ts';
import type { Machine } from './types.ts';

/** The path under which the answer of `crontab -l` is shown: the format of crontabs knows it by that. */
const crontabPath = 'crontab';

/**
 * Opens what `listMachine` has found, this user's crontab, and the names in the environments of this user's own
 * processes.
 */
export async function openMachine(
  machine: Machine,
  { files, skipped }: Listing,
  maxBytes: number,
): Promise<TextSource> {
  const real = new Map(files.map((file) => [file.path, file.real]));
  const crontab = await readCrontab(machine.env);
  const reader = new TreeReader();
  const bytes = (path: string): Content => {
    if (path === crontabPath && typeof crontab === 'string') return { bytes: Buffer.from(crontab) };
    return toMachineReason(reader.read(real.get(path) ?? '', maxBytes));
  };
  return {
    kind: 'machine',
    root: null,
    paths: [...real.keys(), ...(typeof crontab === 'string' ? [crontabPath] : [])],
    unlisted: crontab === null || typeof crontab === 'string' ? skipped : [...skipped, crontab],
    named: machine.platform === 'linux' ? environmentNames() : [],
    bytes,
    read: (path) => {
      const content = bytes(path);
      return Promise.resolve('reason' in content ? content : decodeText(content.bytes));
    },
  };
}

/** Here no folder is a submodule. */
function toMachineReason(content: Content): Content {
  return 'reason' in content && content.reason === 'submodule or nested repository'
    ? { reason: 'not a regular file' }
    : content;
}

/** Gives the crontab of this user; null where there is none or no cron. */
async function readCrontab(env: NodeJS.ProcessEnv): Promise<string | Skipped | null> {
  const answer = await captureCommand('crontab', ['-l'], env);
  if (answer === null) return null;
  if (answer.code === 0) return answer.stdout;
  return /no crontab for/i.test(answer.stderr) ? null : { path: crontabPath, reason: 'crontab -l failed' };
}

/** Whether a name is one of a secret is for the rules to say. */
function environmentNames(): readonly NamedSecret[] {
  return listOwnProcesses().flatMap(({ pid, name, variables }) =>
    variables.map((variable) => ({
      path: `process/${name.replaceAll('/', ' ')}/${pid}`,
      name: variable,
      store: 'env' as const,
      why: `set in the environment of ${name} (process ${pid})`,
    })),
  );
}
