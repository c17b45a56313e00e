import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renamesSince } from '../../src/lib/git-commit.ts';
import { git, put } from '../commands/scan-kit.ts';
import { commit, makeRepo, plainLines } from './repo.ts';

it('follows renames without running what the repository names', async () => {
  const root = makeRepo();
  const first = commit(root, { 'old.txt': plainLines(20), 'kept.txt': plainLines(5) });
  renameSync(join(root, 'old.txt'), join(root, 'new.txt'));
  commit(root, { '.gitattributes': '* filter=own diff=own\n' });
  const mark = join(root, '.git/ran');
  for (const key of ['filter.own.clean', 'diff.own.textconv', 'diff.own.command', 'core.fsmonitor'])
    git(root, 'config', key, `touch ${mark}; cat`);
  put(root, 'kept.txt', plainLines(6));
  expect(await renamesSince(root, first)).toEqual(new Map([['new.txt', 'old.txt']]));
  expect(existsSync(mark)).toBe(false);
});
