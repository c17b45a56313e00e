import { AgentIdError } from '../model/error.ts';
import { runGit, runOwnGit, splitNul } from './git.ts';

/** A commit to make: exactly these files, on the branch that is checked out or on a new one. */
export interface CommitRequest {
  readonly paths: readonly string[];
  readonly message: string;
  readonly branch: string | null;
}

/**
 * Throws unless a commit can be made here: a repository, nothing changed or staged, no merge or rebase under way,
 * somebody to be its author, and a branch name that is free. Changes nothing.
 */
export async function assertCommittable(top: string, branch: string | null): Promise<void> {
  const { code, stdout } = await runGit(top, ['status', '--porcelain', '-z', '--untracked-files=no']);
  if (code !== 0) {
    throw new AgentIdError('usage', 'this is no git repository: there is nothing to commit to', {
      where: top,
      hint: 'Leave --commit and --branch out.',
    });
  }
  const dirty = splitNul(stdout).map((line) => line.slice(3));
  if (dirty.length > 0) {
    const more = dirty.length > 5 ? ` and ${dirty.length - 5} more` : '';
    throw new AgentIdError(
      'dirty',
      'the tree has uncommitted edits: they would end up beside the migration',
      {
        where: `${dirty.slice(0, 5).join(', ')}${more}`,
        hint: 'Commit or stash them first, or leave --commit and --branch out.',
      },
    );
  }
  await assertNothingUnderWay(top);
  const author = await runGit(top, ['var', 'GIT_AUTHOR_IDENT']);
  const committer = await runGit(top, ['var', 'GIT_COMMITTER_IDENT']);
  if (author.code !== 0 || committer.code !== 0) {
    throw new AgentIdError('usage', 'git does not know who commits', {
      hint: 'Set user.name and user.email (git config), or leave --commit and --branch out.',
    });
  }
  if (branch !== null) await assertFree(top, branch);
}

async function assertNothingUnderWay(top: string): Promise<void> {
  for (const ref of ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD']) {
    if ((await runGit(top, ['rev-parse', '--quiet', '--verify', ref])).code !== 0) continue;
    throw new AgentIdError('dirty', 'a merge, rebase, cherry-pick or revert is under way', {
      where: ref,
      hint: 'End it first.',
    });
  }
}

async function assertFree(top: string, branch: string): Promise<void> {
  const valid = await runGit(top, ['check-ref-format', `refs/heads/${branch}`]);
  if (valid.code !== 0 || branch.startsWith('-')) {
    throw new AgentIdError('usage', '--branch is not a name that git takes', { where: branch.slice(0, 100) });
  }
  const taken = await runGit(top, ['rev-parse', '--quiet', '--verify', `refs/heads/${branch}`]);
  if (taken.code !== 0) return;
  throw new AgentIdError('conflict', 'a branch of this name exists', {
    where: branch,
    hint: 'Choose another name: nothing is ever committed to a branch that somebody else made.',
  });
}

/**
 * Keeps the files that may be committed: those that git knows, and fresh ones that it does not ignore. What somebody
 * left untracked stays so: it may hold more than we know.
 */
export async function committablePaths(
  top: string,
  files: readonly { readonly path: string; readonly fresh: boolean }[],
): Promise<readonly string[]> {
  const tracked = new Set(splitNul((await runGit(top, ['ls-files', '-z'])).stdout));
  const input = files.map(({ path }) => `${path}\0`).join('');
  const ignored = new Set(
    splitNul((await runGit(top, ['check-ignore', '-z', '--stdin', '--no-index'], input)).stdout),
  );
  return files
    .filter(({ path, fresh }) => tracked.has(path) || (fresh && !ignored.has(path)))
    .map(({ path }) => path);
}

/**
 * Commits with the repository's own hooks and signing, and gives the commit's name. Throws `denied` where git or a hook
 * refuses: then index, branch and HEAD are as they were.
 */
export async function commitFiles(top: string, { paths, message, branch }: CommitRequest): Promise<string> {
  const before = await headOf(top);
  try {
    // A crash may have come after the switch.
    if (branch !== null && before.ref !== `refs/heads/${branch}`) {
      await must(top, ['switch', '--quiet', '--create', branch]);
    }
    await must(top, ['add', '--pathspec-from-file=-', '--pathspec-file-nul'], paths.join('\0'));
    await must(top, ['commit', '--quiet', '--cleanup=verbatim', '--file=-'], message);
  } catch (error) {
    await putBack(top, before, branch);
    throw error;
  }
  return (await must(top, ['rev-parse', 'HEAD'])).trim();
}

/** Finds the commit of HEAD whose message holds a line; `undefined` where HEAD is another. */
export async function headWithLine(top: string, line: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(top, ['log', '-1', '--format=%H%n%B']);
  const [name, ...lines] = stdout.toString().split('\n');
  return code === 0 && lines.includes(line) ? name : undefined;
}

interface Head {
  /** `refs/heads/main`, also before its first commit; null where HEAD is detached. */
  readonly ref: string | null;
  readonly commit: string | null;
}

async function headOf(top: string): Promise<Head> {
  const ref = await runGit(top, ['symbolic-ref', '--quiet', 'HEAD']);
  const commit = await runGit(top, ['rev-parse', '--quiet', '--verify', 'HEAD']);
  return {
    ref: ref.code === 0 ? ref.stdout.toString().trim() : null,
    commit: commit.code === 0 ? commit.stdout.toString().trim() : null,
  };
}

/** Leaves the files of the work tree alone: they are the caller's to restore. */
async function putBack(top: string, { ref, commit }: Head, branch: string | null): Promise<void> {
  if (commit === null) await runGit(top, ['rm', '-r', '--quiet', '--cached', '--ignore-unmatch', '.']);
  else await runGit(top, ['reset', '--quiet']);
  if (branch === null || ref === `refs/heads/${branch}`) return;
  if (ref !== null) await runGit(top, ['symbolic-ref', 'HEAD', ref]);
  else if (commit !== null) await runGit(top, ['update-ref', '--no-deref', 'HEAD', commit]);
  if (commit !== null) await runGit(top, ['branch', '--quiet', '-D', branch]);
}

/** What git or a hook says is not passed on: it may quote the lines that are taken out. */
async function must(top: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout } = await runOwnGit(top, args, input);
  if (code === 0) return stdout.toString();
  throw new AgentIdError('denied', `git ${args[0] ?? ''} was refused, by git, a hook or a signing key`, {
    where: top,
    hint: 'Migrate without --commit and --branch, and commit yourself: git then says why.',
  });
}
