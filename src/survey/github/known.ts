import { join } from 'node:path';
import { makePrivateFolder, readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Finding } from '../../model/finding.ts';
import type { Skipped } from '../../model/place.ts';
import type { Reference } from './references.ts';

/** What a scan found in one repository; it holds no value of a secret. */
export interface Looked {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly references: readonly (Reference & { readonly path: string })[];
  readonly files: number;
  readonly bytes: number;
}

/** Remembers, outside any repository, what was found in each state of a repository. */
export interface Known {
  readonly read: (name: string, state: string) => Promise<Looked | undefined>;
  readonly write: (name: string, state: string, looked: Looked) => Promise<void>;
}

/** Remembers nothing: where there is no folder for state. */
export const nothingKnown: Known = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
};

/**
 * Opens the memory below a folder. `basis` is a digest of all else that findings depend on: rules, settings, version.
 * What cannot be read counts as not known; `write` throws `unwritable`.
 */
export function openKnown(folder: string, basis: string): Known {
  const fileOf = (name: string): string => join(folder, `${name.toLowerCase()}.json`);
  return {
    read: async (name, state) => {
      const text = await readTextIfThere(fileOf(name)).catch(() => undefined);
      const kept = text === undefined ? undefined : parse(text);
      return kept?.basis === basis && kept.state === state ? kept.looked : undefined;
    },
    write: async (name, state, looked) => {
      await makePrivateFolder(join(fileOf(name), '..'));
      await writeWhole(
        fileOf(name),
        `${JSON.stringify({ schemaVersion: 1, basis, state, looked })}\n`,
        0o600,
      );
    },
  };
}

interface Kept {
  readonly basis: unknown;
  readonly state: unknown;
  readonly looked: Looked;
}

function parse(text: string): Kept | undefined {
  try {
    return JSON.parse(text) as Kept;
  } catch {
    return undefined;
  }
}
