import { resolve } from 'node:path';
import { realPathNow } from '../../lib/folder.ts';
import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import { findRepository, type Repository } from '../../sources/git/repository.ts';

/** Finds the repository that a command line means. Throws `no-git` where there is none, `usage` for more than one path. */
export function repositoryOf(targets: readonly string[], io: Io): Repository {
  const [only = '.', ...more] = targets;
  if (more.length > 0)
    throw new AgentIdError('usage', '--history looks at one repository', {
      where: more.join(' '),
    });
  const repository = findRepository(realPathNow(resolve(io.cwd, only)));
  if (repository !== undefined) return repository;
  throw new AgentIdError('no-git', 'there is no git repository here', {
    where: resolve(io.cwd, only),
    hint: 'Run it inside a repository, or name one.',
  });
}
