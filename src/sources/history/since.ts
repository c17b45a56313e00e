import { runGit, splitNul } from '../../lib/git.ts';
import { AgentIdError } from '../../model/error.ts';

/** One version of a file that a commit brought. */
export interface Brought {
  readonly path: string;
  /** Name of the blob. */
  readonly blob: string;
  readonly commit: string;
  readonly author: string;
  /** Seconds since 1970. */
  readonly authoredAt: number;
}

/**
 * Lists the versions of files in the commits from where HEAD and a commit parted up to HEAD, older ones first. Merges
 * count where their result is that of no side.
 */
export async function broughtSince(top: string, commit: string): Promise<readonly Brought[]> {
  const log = [
    'log',
    '--reverse',
    '--topo-order',
    '--raw',
    '-c',
    '--no-abbrev',
    '--no-renames',
    '--no-ext-diff',
  ];
  const format = '--format=%x01%H%x02%aN <%aE>%x02%at';
  const { code, stdout, stderr } = await runGit(top, [...log, '-z', format, `${commit}..HEAD`, '--']);
  if (code !== 0)
    throw new AgentIdError('unreadable', 'git cannot list the commits since', {
      where: commit,
      detail: stderr,
    });
  return toBrought(splitNul(stdout));
}

function toBrought(fields: readonly string[]): readonly Brought[] {
  const brought: Brought[] = [];
  let made = { commit: '', author: '', authoredAt: 0 };
  for (let at = 0; at < fields.length; at += 1) {
    const field = (fields[at] ?? '').trimStart();
    if (field.startsWith('\u0001')) {
      const [commit = '', author = '', seconds] = field.slice(1).split('\u0002');
      made = { commit, author, authoredAt: Number(seconds) };
    } else if (field.startsWith(':')) {
      at += 1;
      const { mode, blob } = resultOf(field);
      if (/^(?:100|120)/.test(mode)) brought.push({ path: fields[at] ?? '', blob, ...made });
    }
  }
  return brought;
}

/** `:mode mode blob blob status`; in a merge one mode and one blob more for each further parent. */
function resultOf(entry: string): { readonly mode: string; readonly blob: string } {
  const parents = /^:+/.exec(entry)?.[0].length ?? 1;
  const words = entry.slice(parents).split(' ');
  return { mode: words[parents] ?? '', blob: words[2 * parents + 1] ?? '' };
}
