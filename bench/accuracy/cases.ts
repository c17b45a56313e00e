import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One labelled case of another scanner's rule tests. */
export interface Case {
  readonly tool: string;
  readonly rule: string;
  readonly text: string;
  readonly isSecret: boolean;
  readonly secret?: string;
  readonly path?: string;
  readonly keywords?: readonly string[];
  readonly generic?: boolean;
  readonly component?: boolean;
  /** Rules of the same scanner that find it all the same: for a negative, another provider's format. */
  readonly alsoMatches?: readonly string[];
}

/** Reads every `*-cases.jsonl.gz` of a folder. */
export function readCases(folder: string): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .sort()
    .flatMap((name) =>
      gunzipSync(readFileSync(join(folder, name)))
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Case),
    );
}
