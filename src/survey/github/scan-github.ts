import { createFingerprint, groupOf, idOf } from '../../detect/index.ts';
import { withTemporaryFolder } from '../../lib/temporary.ts';
import type { Finding } from '../../model/finding.ts';
import type { Secret } from '../../model/secret.ts';
import type { Stored } from '../../model/stored.ts';
import { withPages, type GithubClient } from '../../sources/github/client.ts';
import { openClone } from '../../sources/github/clone.ts';
import type { GithubHost } from '../../sources/github/host.ts';
import type { Estate, GithubRepository } from '../../sources/github/repositories.ts';
import {
  readOrganizationNames,
  readRepositoryNames,
  readSharedNames,
  type StoredNames,
} from '../../sources/github/stored.ts';
import { keepPaths } from '../../sources/narrow.ts';
import type { TextSource } from '../../sources/types.ts';
import { scanSource, type ScanOptions, type ScanResult } from '../scan-tree.ts';
import { once, toNamed, withUses } from './join.ts';
import type { Known, Looked } from './known.ts';
import { findReferences, workflowPath } from './references.ts';

export interface GithubScan extends ScanOptions {
  readonly client: GithubClient;
  readonly host: GithubHost;
  readonly token: Secret;
  readonly maxBytes: number;
  /** Says whether to look at a file, `OWNER/REPO/path`. */
  readonly isWanted: (path: string) => boolean;
  readonly known: Known;
  /** One repository was named: it is looked at even when it is archived. */
  readonly isOne: boolean;
  readonly say: (text: string) => void;
}

export interface GithubResult extends ScanResult {
  readonly stored: readonly Stored[];
}

const AT_ONCE = 4;

/** Looks at the newest state of each repository, and at the names of what the host keeps for them. */
export async function scanGithub(estate: Estate, scan: GithubScan): Promise<GithubResult> {
  const isLeft = (one: GithubRepository): boolean => one.isArchived && !scan.isOne;
  const repositories = estate.repositories.filter((one) => !isLeft(one));
  const archived = estate.repositories.filter(isLeft).map(({ name }) => ({ path: name, reason: 'archived' }));
  const shared = await readShared(estate, scan);
  const seen = await inTurn(repositories, (one, n) => {
    scan.say(`${n + 1} of ${repositories.length}: ${one.name}`);
    return lookAtOne(one, scan);
  });
  const references = new Map(seen.map(({ name, looked }) => [name, looked.references]));
  const names = [shared, ...seen.map(({ names: own }) => own)];
  const stored = withUses(
    names.flatMap((one) => one.stored),
    references,
    repositories,
  );
  const kept = await scanSource(namesOnly(stored), scan);
  return {
    findings: renumbered([...seen.flatMap(({ looked }) => looked.findings), ...kept.findings], scan.key),
    skipped: [
      ...archived,
      ...seen.flatMap(({ looked }) => looked.skipped),
      ...once(names.flatMap((one) => one.skipped)),
    ],
    stats: statsOf(seen),
    stored,
  };
}

/** What belongs to nobody's repository alone. */
function readShared(estate: Estate, scan: GithubScan): Promise<StoredNames> {
  const { owner, isOrganization, repositories } = estate;
  if (!isOrganization) return Promise.resolve({ stored: [], skipped: [] });
  if (!scan.isOne)
    return remembering(`${owner}/.organization`, scan, (client) => readOrganizationNames(client, estate));
  return readSharedNames(scan.client, owner, repositories[0]?.name ?? '');
}

/** Reads names, of which the host need only say whether they are those of the run before. */
async function remembering(
  name: string,
  { client, known }: GithubScan,
  read: (client: GithubClient) => Promise<StoredNames>,
): Promise<StoredNames> {
  const pages = await known.readPages(name);
  const names = await read(withPages(client, pages));
  await known.writePages(name, pages);
  return names;
}

interface SeenRepository {
  readonly name: string;
  readonly looked: Looked;
  readonly names: StoredNames;
  readonly isUnchanged: boolean;
}

async function lookAtOne(one: GithubRepository, scan: GithubScan): Promise<SeenRepository> {
  const { name, state } = one;
  const before = await scan.known.read(name, state);
  const looked = before ?? (await lookInto(name, scan));
  if (typeof looked !== 'string' && before === undefined) await scan.known.write(name, state, looked);
  return {
    name,
    looked: typeof looked === 'string' ? unseen(name, looked) : looked,
    names: await remembering(name, scan, (client) => readRepositoryNames(client, name)),
    isUnchanged: before !== undefined,
  };
}

function unseen(path: string, reason: string): Looked {
  return { findings: [], skipped: [{ path, reason }], references: [], files: 0, bytes: 0 };
}

/** Clones into a folder that is gone when this is done. */
function lookInto(name: string, scan: GithubScan): Promise<Looked | string> {
  return withTemporaryFolder(async (parent) => {
    const clone = await openClone(name, { ...scan, folder: `${parent}/clone.git` });
    if (typeof clone === 'string') return clone;
    try {
      const source = keepPaths(clone.source, scan.isWanted);
      const { findings, skipped, stats } = await scanSource(source, scan);
      const references = await readReferences(clone.source);
      return { findings, skipped, references, files: stats.files, bytes: stats.bytes };
    } finally {
      clone.close();
    }
  });
}

async function readReferences({ paths, read }: TextSource): Promise<Looked['references']> {
  const found: Looked['references'][number][] = [];
  for (const path of paths.filter((one) => workflowPath.test(one))) {
    const decoded = await read(path);
    if ('text' in decoded) for (const one of findReferences(decoded.text)) found.push({ ...one, path });
  }
  return found;
}

function namesOnly(stored: readonly Stored[]): TextSource {
  const read = (): Promise<{ readonly reason: string }> => Promise.resolve({ reason: 'unreadable' });
  return { kind: 'github', root: null, paths: [], named: toNamed(stored), read };
}

/** Each repository was counted by itself; ids tell equal findings apart by their number among all. */
function renumbered(findings: readonly Finding[], key: string): readonly Finding[] {
  const fingerprint = createFingerprint(key);
  const ordinals = new Map<string, number>();
  return findings.map((finding) => {
    const group = groupOf(finding);
    const n = (ordinals.get(group) ?? 0) + 1;
    ordinals.set(group, n);
    return { ...finding, id: idOf(finding, n, fingerprint) };
  });
}

function statsOf(seen: readonly SeenRepository[]): ScanResult['stats'] {
  const sum = (of: (one: SeenRepository) => number): number => seen.reduce((all, one) => all + of(one), 0);
  return {
    repositories: seen.length,
    unchanged: sum(({ isUnchanged }) => Number(isUnchanged)),
    files: sum(({ looked }) => looked.files),
    bytes: sum(({ looked }) => looked.bytes),
    parsed: 0,
    asText: 0,
  };
}

/** Does a task for each, a few at once, and gives the results in order. */
async function inTurn<T, R>(
  items: readonly T[],
  task: (item: T, n: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const rest = [...items.entries()];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined && failures.length === 0; next = rest.shift())
      try {
        results[next[0]] = await task(next[1], next[0]);
      } catch (error) {
        failures.push(error);
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // What others had begun is done and remembered by now.
  if (failures.length > 0) throw failures[0];
  return results;
}
