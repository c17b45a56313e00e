import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toRuleSet, unpackTables, type PackedTables } from './detect/index.ts';
import { baselineName, readBaseline } from './lib/baseline.ts';
import { configName } from './lib/config.ts';
import { readTextIfThere } from './lib/files.ts';
import type { Rule } from './model/rule.ts';
import { renderSummary } from './output/summary.ts';
import { readLoose } from './sources/git/objects.ts';
import { findRepository, type Repository } from './sources/git/repository.ts';
import type { Staged } from './sources/staged-list.ts';
import { createSieve, type Sieve } from './survey/sieve.ts';

/** Settings that bear on findings alone, of which there are none. */
const plainSettings = /^(?:\s*(?:#.*)?\n|schemaVersion: 1\s*\n|fingerprint:\s*\n|  salt: [\w-]+\s*\n)*$/;
const MOST_BYTES = 10_000_000;

/**
 * Looks at what is staged without loading the command line: a commit waits for it. Gives what to print where all
 * is clean; undefined where anything is to be reported, or is not plain, so that it must be done the usual way. `built`
 * is the folder of what the build made, `listed` what git says is staged there.
 */
export async function scanStaged(
  folder: string,
  built: string,
  listed: Promise<readonly Staged[]>,
): Promise<string | undefined> {
  const settled = listed.catch(() => []);
  const repository = findRepository(folder);
  if (repository === undefined) return undefined;
  const isPlain = hasPlainSettings(repository.top);
  const sieve = openSieve(built);
  const staged = await settled;
  if (staged.length === 0 || !(await isPlain)) return undefined;
  if (!staged.every((entry) => isClean(entry, repository, sieve))) return undefined;
  return renderSummary(cleanReport(repository.top, staged.length), false);
}

/** What the build has worked out for the rules is read, since making it takes as long as all else. */
function openSieve(built: string): Sieve {
  const rules = JSON.parse(readFileSync(join(built, 'fast-rules.json'), 'latin1')) as Rule[];
  const packed = JSON.parse(readFileSync(join(built, 'fast-tables.json'), 'latin1')) as PackedTables;
  return createSieve(toRuleSet(rules), unpackTables(packed));
}

async function hasPlainSettings(top: string): Promise<boolean> {
  try {
    await readBaseline(join(top, baselineName));
    return plainSettings.test((await readTextIfThere(join(top, configName))) ?? '');
  } catch {
    return false;
  }
}

/** What was just staged lies in a file of its own. */
function isClean({ mode, blob, path }: Staged, { objectFolders }: Repository, sieve: Sieve): boolean {
  if (mode !== '100644' && mode !== '100755') return false;
  const body = readLoose(join(objectFolders[0] ?? '', blob.slice(0, 2), blob.slice(2)))?.body;
  return body !== undefined && body.length <= MOST_BYTES && sieve(body, path) === undefined;
}

function cleanReport(root: string, files: number): Parameters<typeof renderSummary>[0] {
  return { root, findings: [], skipped: [], stats: { files }, unkeyed: false, started: '', ended: '' };
}
