import {
  createFingerprint,
  isWorthParsing,
  matchFile,
  namedMatch,
  toFindings,
  toNameText,
  type Keep,
  type Match,
  type RuleSet,
  type Seen,
} from '../detect/index.ts';
import { formatFor } from '../formats/index.ts';
import { toLineStarts } from '../lib/text.ts';
import type { Content } from '../lib/tree-reader.ts';
import type { FileFacts } from '../model/facts.ts';
import type { Finding } from '../model/finding.ts';
import { toLine, type Skipped } from '../model/place.ts';
import { readTexts, type Large } from '../sources/texts.ts';
import type { TextSource } from '../sources/types.ts';
import { lookThrough } from './large.ts';
import { createSieve, type Likely, type Sieve } from './sieve.ts';
import { siftTogether } from './tree/sift.ts';

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

/** A structure that takes longer than its use is worth: beyond this, text alone is matched. */
const MOST_PARSED = 2_000_000;
const HEAD = 1024;
const LONG_TEXT = 100_000;
const LONG_LINE = 100;

/** Written by package managers: names, versions and digests, but no structure that a person put a secret into. */
const machineMade =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|composer\.lock|[\w.-]+\.min\.js)$/;

/** Between names in a list of them: what belongs together within some lines is never of two names. */
const APART = '\n'.repeat(12);

const ownFiles = /(^|\/)(agent-id\.lock\.json|agent-id\.config\.yaml|\.agent-id-baseline\.json)$/;

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
  if (source.kind === 'tree' || source.kind === 'staged') scan.lookAtNames([...source.paths, ...later.paths]);
  return {
    findings: toFindings(scan.seen, createFingerprint(options.key), options),
    skipped: scan.skipped,
    stats: scan.stats,
    paths: [...source.paths, ...later.paths],
  };
}

/** One scan as it goes on. */
class Scan {
  readonly seen: Seen[] = [];
  readonly skipped: Skipped[] = [];
  readonly stats = { files: 0, bytes: 0, parsed: 0, asText: 0 };
  readonly #source: TextSource;
  readonly #options: ScanOptions;
  readonly #sieve: Sieve;

  constructor(source: TextSource, options: ScanOptions) {
    this.#source = source;
    this.#options = options;
    this.#sieve = createSieve(options.rules);
  }

  /** Waits for nothing at files that hold nothing: a tree has tens of thousands. */
  async lookAtAll(paths: readonly string[]): Promise<void> {
    const sifted = await siftTogether(this.#source, paths, this.#options.rules, this.#sieve);
    this.stats.bytes += sifted?.bytes ?? 0;
    for (const [at, path] of paths.entries()) {
      if (sifted?.empty[at] === 1) this.stats.files += 1;
      else await this.#lookAt(path);
    }
  }

  async #lookAt(path: string): Promise<void> {
    const content = this.#source.bytes?.(path);
    const bytes = content !== undefined && 'bytes' in content ? content.bytes : undefined;
    const likely = bytes === undefined ? {} : this.#sieve(bytes, path);
    if (likely === undefined) this.#count(bytes?.length ?? 0);
    else await this.#lookInto(path, content, likely);
  }

  async #lookInto(path: string, content: Content | undefined, likely: Likely): Promise<void> {
    for await (const read of readTexts(this.#source, path, content)) {
      if ('reason' in read) {
        this.skipped.push(read);
        continue;
      }
      if ('windows' in read) {
        this.#lookAtLarge(read);
        continue;
      }
      this.#count(read.text.length);
      const looked = await lookAt(
        { ...read, ...(read.path === path ? likely : {}) },
        this.#source,
        this.#options,
      );
      if (looked.parsed !== 'no') this.stats[looked.parsed] += 1;
      if (looked.seen.matches.length > 0) this.seen.push(looked.seen);
    }
  }

  #lookAtLarge({ path, windows }: Large): void {
    const { rules, below = '' } = this.#options;
    const look = (text: string, likely: Likely): readonly Match[] => matchText(path, text, likely, rules);
    this.stats.files += 1;
    for (const { matches, bytes, ...place } of lookThrough(windows, path, this.#sieve, look)) {
      this.stats.bytes += bytes;
      const seen = { path, identity: `${below}${path}`, source: this.#source.kind, matches, ...place };
      if (matches.length > 0) this.seen.push(seen);
    }
  }

  /** A name may hold a secret too: exact formats are looked for in all of them at once. */
  lookAtNames(paths: readonly string[]): void {
    const text = toNameText(paths.join(APART));
    const likely = this.#sieve(Buffer.from(text), '');
    if (likely === undefined) return;
    const starts = startsOf(paths);
    const { near: spans, ...known } = likely;
    const near = spans?.(text);
    const place = { ...known, ...(near === undefined ? {} : { near }) };
    for (const match of matchFile(text, null, this.#options.rules, place)) {
      if (match.kind !== 'literal' || match.rule.broad === true || match.confidence === 'low') continue;
      const path = paths[toLine(starts, match.span.start) - 1] ?? '';
      const reasons = [...match.reasons, 'stands in the name of the file'];
      const matches = [{ ...match, name: null, span: { start: 0, end: 0 }, reasons }];
      this.seen.push({ path, lineStarts: [0], source: this.#source.kind, matches });
    }
  }

  #count(bytes: number): void {
    this.stats.files += 1;
    this.stats.bytes += bytes;
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

interface Looked {
  readonly seen: Seen;
  readonly parsed: 'parsed' | 'asText' | 'no';
}

async function lookAt(
  { path, text, near, ...likely }: Likely & { readonly path: string; readonly text: string },
  source: TextSource,
  options: ScanOptions,
): Promise<Looked> {
  const facts = await factsOf(path, text);
  const known = facts === 'broken' ? null : facts;
  const matches =
    known === null
      ? matchText(path, text, { ...likely, ...(near === undefined ? {} : { near }) }, options.rules)
      : matchFile(text, known, options.rules, { path, ...likely }).filter((match) => !isOwn(path, match));
  return {
    seen: {
      path,
      identity: `${options.below ?? ''}${path}`,
      lineStarts: known?.lineStarts ?? (matches.length === 0 ? [] : toLineStarts(text)),
      source: source.kind,
      matches,
    },
    parsed: facts === 'broken' ? 'asText' : facts === null ? 'no' : 'parsed',
  };
}

/** Looks at a text without structure, only where something may be. */
function matchText(
  path: string,
  text: string,
  { near, ...likely }: Likely,
  rules: RuleSet,
): readonly Match[] {
  const spans = near?.(text);
  const place = { path, ...likely, ...(spans === undefined ? {} : { near: spans }) };
  return matchFile(text, null, rules, place).filter((match) => !isOwn(path, match));
}

/** Our own files hold fingerprints and a salt, which look random; the exact formats of providers still count there. */
function isOwn(path: string, match: Match): boolean {
  return match.rule.broad === true && ownFiles.test(path);
}

async function factsOf(path: string, text: string): Promise<FileFacts | 'broken' | null> {
  if (text.length > MOST_PARSED || machineMade.test(path)) return null;
  const format = formatFor(path, text.slice(0, HEAD));
  if (format === undefined || isBundle(text) || !isWorthParsing(text, format.id)) return null;
  try {
    return (await format.parse(text, path)).facts;
  } catch {
    return 'broken';
  }
}

/** Bundled or minified code: long, in long lines. Parsing it takes seconds and nobody wrote it. */
function isBundle(text: string): boolean {
  if (text.length < LONG_TEXT) return false;
  const lines = text.split('\n', text.length / LONG_LINE).length;
  return lines < text.length / LONG_LINE;
}
