import { readdirSync, readFileSync, statSync } from 'node:fs';

/** One running process of this user, with the names of what its environment sets. Values never leave this file. */
export interface OwnProcess {
  readonly pid: number;
  readonly name: string;
  readonly variables: readonly string[];
}

const MOST_BYTES = 2_000_000;

/** Lists this user's processes but this one, where the platform shows them as files. */
export function listOwnProcesses(folder = '/proc'): readonly OwnProcess[] {
  const { uid, own } = { uid: process.getuid?.(), own: String(process.pid) };
  if (process.platform !== 'linux' || uid === undefined) return [];
  return namesIn(folder)
    .filter((name) => /^\d+$/.test(name) && name !== own)
    .flatMap((pid) => readProcess(`${folder}/${pid}`, Number(pid), uid));
}

/** A process may end, or turn out to be another user's, at any time: then it is none of ours. */
function readProcess(folder: string, pid: number, uid: number): readonly OwnProcess[] {
  try {
    if (statSync(folder).uid !== uid) return [];
    const environment = readFileSync(`${folder}/environ`);
    if (environment.length === 0 || environment.length > MOST_BYTES) return [];
    const name = readFileSync(`${folder}/comm`, 'utf8').trim();
    return [{ pid, name, variables: toNames(environment) }];
  } catch {
    return [];
  }
}

/** An empty variable holds nothing. */
function toNames(environment: Buffer): readonly string[] {
  const names = new Set<string>();
  for (let at = 0; at < environment.length;) {
    const stop = environment.indexOf(0, at);
    const end = stop === -1 ? environment.length : stop;
    const equals = environment.indexOf(0x3d, at);
    if (equals > at && equals < end - 1) names.add(environment.toString('utf8', at, equals));
    at = end + 1;
  }
  return [...names];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
