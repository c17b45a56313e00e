import {
  createFingerprint,
  matchFile,
  namedMatch,
  toFindings,
  toNameText,
  type Keep,
  type RuleSet,
  type Seen,
} from '../detect/index.ts';
import type { CleanFiles, FileState } from '../lib/clean-files.ts';
import type { Finding } from '../model/finding.ts';
import { toLine, type Skipped } from '../model/place.ts';
import type { TextSource } from '../sources/types.ts';
import { Looker, type Yield } from './tree/looker.ts';
import { lookInTurn, startSecond, unpack } from './tree/together.ts';

export interface ScanOptions {
  readonly rules: RuleSet;
  /** Key of the fingerprints. */
  readonly key: string;
  /** Path from the top of the repository to the root of the source, ending in `/`; empty at the top. */
  readonly below?: string;
  /** Is given the values, where a provider is to be asked about them. */
  readonly keep?: Keep;
  /** Milliseconds since 1970: what has ended before is expired. */
  readonly now?: number;
  /** Files that need not be read, since nothing was in them and they have not changed. */
  readonly clean?: CleanFiles;
}

export interface ScanStats {
  /** Versions of files, and commits, in a history. */
  readonly blobs?: number;
  readonly commits?: number;
  /** Repositories of a host, and those of them that have not changed since they were looked at. */
  readonly repositories?: number;
  readonly unchanged?: number;
  readonly files: number;
  /** Bytes that were looked at; of what was decoded, UTF-16 code units. */
  readonly bytes: number;
  /** Files of which the structure was read. */
  readonly parsed: number;
  /** Files that their format could not read: their text was matched all the same. */
  readonly asText: number;
  /** Files, of all, that were not read again: nothing was in them and they have not changed. */
  readonly unread?: number;
}

export interface ScanResult {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly stats: ScanStats;
}

export interface SourceResult extends ScanResult {
  /** All that was to be looked at. */
  readonly paths: readonly string[];
}

/** Names that are looked at in one text. */
const NAMES_AT_ONCE = 1_000;

/** Between names in a list of them: what belongs together within some lines is never of two names. */
const APART = '\n'.repeat(12);

/**
 * Looks at every text of a source, one at a time. Only what may hold something is decoded; a text that its format
 * cannot parse is matched as plain text.
 */
export async function scanSource(source: TextSource, options: ScanOptions): Promise<SourceResult> {
  const scan = new Scan(source, options);
  scan.skipped.push(...(source.unlisted ?? []));
  await scan.lookAtAll(source.paths);
  const later = (await source.later) ?? { paths: [], unlisted: [] };
  scan.skipped.push(...later.unlisted);
  await scan.lookAtAll(later.paths);
  scan.seen.push(...namedSeen(source, options.rules));
  if (source.kind === 'tree' || source.kind === 'staged') scan.lookAtNames();
  scan.remember();
  return {
    findings: toFindings(scan.seen, createFingerprint(options.key), options),
    skipped: scan.skipped,
    stats: { ...scan.stats, ...(options.clean === undefined ? {} : { unread: scan.unread }) },
    paths: [...source.paths, ...later.paths],
  };
}

/** One scan as it goes on. */
class Scan {
  readonly seen: Seen[] = [];
  readonly skipped: Skipped[] = [];
  readonly stats = { files: 0, bytes: 0, parsed: 0, asText: 0 };
  unread = 0;
  readonly #source: TextSource;
  readonly #options: ScanOptions;
  readonly #looker: Looker;
  /** Paths that were looked at: all but those that need not be. */
  readonly #read: string[] = [];
  /** Files in which there was nothing. */
  readonly #clean = new Map<string, FileState>();

  constructor(source: TextSource, options: ScanOptions) {
    this.#source = source;
    this.#options = options;
    this.#looker = new Looker(options.rules, { source, below: options.below ?? '' });
  }

  /** What is found stands in the order of the paths, whoever found it. */
  async lookAtAll(listed: readonly string[]): Promise<void> {
    const paths = listed.filter((path) => !this.#isClean(path));
    for (const path of paths) this.#read.push(path);
    const all = (await this.#lookTogether(paths)) ?? [await this.#lookAlone(paths)];
    for (const { counts, clean } of all) {
      for (const [at, ...state] of clean) this.#clean.set(paths[at] ?? '', state);
      this.stats.files += counts.files;
      this.stats.bytes += counts.bytes;
      this.stats.parsed += counts.parsed;
      this.stats.asText += counts.asText;
    }
    for (const { seen, skipped } of all.flatMap(({ looked }) => looked).sort((a, b) => a.at - b.at)) {
      this.seen.push(...seen);
      this.skipped.push(...skipped);
    }
  }

  #isClean(path: string): boolean {
    const size = this.#options.clean?.sizeOf(path);
    if (size === undefined) return false;
    this.stats.files += 1;
    this.stats.bytes += size;
    this.unread += 1;
    return true;
  }

  async #lookAlone(paths: readonly string[]): Promise<Yield> {
    await lookInTurn(this.#looker, { paths, next: new Int32Array(1) });
    return this.#looker.take();
  }

  /** Undefined where there is no second thread, or it failed: then its files are still to be looked at. */
  async #lookTogether(paths: readonly string[]): Promise<readonly Yield[] | undefined> {
    const { rules, below = '' } = this.#options;
    const second = startSecond(this.#source, { paths, rules, below });
    if (second === undefined) return undefined;
    await lookInTurn(this.#looker, { paths, next: second.next });
    const [ours, theirs] = [this.#looker.take(), await second.found()];
    return theirs === undefined ? undefined : [ours, unpack(theirs, rules)];
  }

  /** A name may hold a secret too: exact formats are looked for in many of them at once. */
  lookAtNames(): void {
    for (let from = 0; from < this.#read.length; from += NAMES_AT_ONCE)
      this.#lookAtSome(this.#read.slice(from, from + NAMES_AT_ONCE));
  }

  #lookAtSome(paths: readonly string[]): void {
    const text = toNameText(paths.join(APART));
    const likely = this.#looker.sieve(Buffer.from(text), '');
    if (likely === undefined) return;
    const starts = startsOf(paths);
    const { near: spans, ...known } = likely;
    const near = spans?.(text);
    const place = { ...known, ...(near === undefined ? {} : { near }) };
    for (const match of matchFile(text, null, this.#options.rules, place)) {
      if (match.kind !== 'literal' || match.rule.broad === true || match.confidence === 'low') continue;
      const path = paths[toLine(starts, match.span.start) - 1] ?? '';
      this.#clean.delete(path);
      const reasons = [...match.reasons, 'stands in the name of the file'];
      const matches = [{ ...match, name: null, span: { start: 0, end: 0 }, reasons }];
      this.seen.push({ path, lineStarts: [0], source: this.#source.kind, matches });
    }
  }

  remember(): void {
    const { clean } = this.#options;
    for (const [path, state] of this.#clean) clean?.add(path, state);
    clean?.save();
  }
}

function startsOf(paths: readonly string[]): readonly number[] {
  let at = 0;
  return paths.map((path) => {
    const start = at;
    at += path.length + APART.length;
    return start;
  });
}

function namedSeen({ named = [], kind }: TextSource, rules: RuleSet): readonly Seen[] {
  return named.flatMap((one) => {
    const match = namedMatch(one, rules);
    return match === undefined ? [] : [{ path: one.path, lineStarts: [0], source: kind, matches: [match] }];
  });
}
