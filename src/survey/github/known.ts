import { dirname, join } from 'node:path';
import { makePrivateFolder, readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Finding } from '../../model/finding.ts';
import type { Skipped } from '../../model/place.ts';
import type { Page, Pages } from '../../sources/github/pages.ts';
import type { Reference } from './references.ts';

/** What a scan found in one repository; it holds no value of a secret. */
export interface Looked {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly references: readonly (Reference & { readonly path: string })[];
  readonly files: number;
  readonly bytes: number;
}

/** Remembers, outside any repository, what was found in each state of a repository, and names that the host told. */
export interface Known {
  readonly read: (name: string, state: string) => Promise<Looked | undefined>;
  readonly write: (name: string, state: string, looked: Looked) => Promise<void>;
  /** Names that were told of a repository, or of an organisation. */
  readonly readPages: (name: string) => Promise<Pages>;
  readonly writePages: (name: string, pages: Pages) => Promise<void>;
}

/** Remembers nothing: where there is no folder for state. */
export const nothingKnown: Known = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
  readPages: () => Promise.resolve({ before: new Map(), now: new Map() }),
  writePages: () => Promise.resolve(),
};

/**
 * Opens the memory below a folder. `basis` is a digest of all else that findings depend on: rules, settings, version.
 * What cannot be read counts as not known; `write` throws `unwritable`.
 */
export function openKnown(folder: string, basis: string): Known {
  const fileOf = (what: string, name: string): string => join(folder, what, `${name.toLowerCase()}.json`);
  return {
    read: async (name, state) => {
      const kept = await readFields(fileOf('found', name));
      return kept['basis'] === basis && kept['state'] === state ? (kept['looked'] as Looked) : undefined;
    },
    write: (name, state, looked) => writeFields(fileOf('found', name), { basis, state, looked }),
    readPages: async (name) => {
      const { pages } = await readFields(fileOf('names', name));
      return { before: new Map(Array.isArray(pages) ? (pages as [string, Page][]) : []), now: new Map() };
    },
    writePages: async (name, { before, now }) => {
      const pages = [...now];
      if (JSON.stringify(pages) !== JSON.stringify([...before]))
        await writeFields(fileOf('names', name), { pages });
    },
  };
}

async function readFields(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readTextIfThere(file).catch(() => undefined);
  try {
    return JSON.parse(text ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function writeFields(file: string, fields: object): Promise<void> {
  await makePrivateFolder(dirname(file));
  await writeWhole(file, `${JSON.stringify({ schemaVersion: 1, ...fields })}\n`, 0o600);
}
