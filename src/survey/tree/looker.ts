import { isWorthParsing, matchFile, type Match, type RuleSet, type Seen } from '../../detect/index.ts';
import { formatFor } from '../../formats/index.ts';
import type { Format } from '../../formats/types.ts';
import { toLineStarts } from '../../lib/text.ts';
import type { FileState } from '../../lib/clean-files.ts';
import type { Content } from '../../lib/tree-reader.ts';
import type { FileFacts } from '../../model/facts.ts';
import type { Skipped, Span } from '../../model/place.ts';
import { readTexts, type Large } from '../../sources/texts.ts';
import type { TextSource } from '../../sources/types.ts';
import { lookThrough } from '../large.ts';
import { createSieve, type Likely, type Sieve } from '../sieve.ts';

/** What one file of a source gave. */
export interface Looked {
  /** Number of the file in its list. */
  readonly at: number;
  readonly seen: readonly Seen[];
  readonly skipped: readonly Skipped[];
}

export interface Counts {
  readonly files: number;
  /** Bytes that were looked at; of what was decoded, UTF-16 code units. */
  readonly bytes: number;
  /** Files of which the structure was read. */
  readonly parsed: number;
  /** Files that their format could not read: their text was matched all the same. */
  readonly asText: number;
}

/** What many files gave. */
export interface Yield {
  readonly looked: readonly Looked[];
  readonly counts: Counts;
  /** Files in which there was nothing: of each its number in the list, and its state before it was read. */
  readonly clean: readonly (readonly [at: number, ...state: FileState])[];
}

/** Where it looks. */
export interface Place {
  readonly source: Pick<TextSource, 'kind' | 'bytes' | 'large' | 'read'>;
  /** Path from the top of the repository to the root of the source, ending in `/`; empty at the top. */
  readonly below: string;
}

interface LikelyText extends Likely {
  readonly path: string;
  readonly text: string;
}

/** A structure that takes longer than its use is worth: beyond this, text alone is matched. */
const MOST_PARSED = 2_000_000;
const HEAD = 1024;
const LONG_TEXT = 100_000;
const LONG_LINE = 100;

/** Written by package managers: names, versions and digests, but no structure that a person put a secret into. */
const machineMade =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|composer\.lock|[\w.-]+\.min\.js)$/;

/** Our own files hold fingerprints and a salt, which look random; the exact formats of providers still count there. */
const ownFiles = /(^|\/)(agent-id\.lock\.json|agent-id\.config\.yaml|\.agent-id-baseline\.json)$/;

let lastSieve: { readonly rules: RuleSet; readonly sieve: Sieve } | undefined;

/** A history is looked at in many rounds: making a sieve takes longer than some of them. */
function sieveOf(rules: RuleSet): Sieve {
  if (lastSieve?.rules !== rules) lastSieve = { rules, sieve: createSieve(rules) };
  return lastSieve.sieve;
}

/** Looks at files, one after the other, and gathers what is in them. Keeps buffers: each thread needs its own. */
export class Looker {
  readonly sieve: Sieve;
  #counts = nothingYet();
  #looked: Looked[] = [];
  #clean: Yield['clean'][number][] = [];
  readonly #rules: RuleSet;
  readonly #place: Place;

  constructor(rules: RuleSet, place: Place) {
    this.#rules = rules;
    this.#place = place;
    this.sieve = sieveOf(rules);
  }

  /** Gives what there was since it was last asked. */
  take(): Yield {
    const taken = { looked: this.#looked, counts: this.#counts, clean: this.#clean };
    this.#looked = [];
    this.#clean = [];
    this.#counts = nothingYet();
    return taken;
  }

  /** Looks at a file. Only what may hold something is decoded, and is to be waited for. */
  look(path: string, at: number): Promise<void> | undefined {
    const content = this.#place.source.bytes?.(path);
    const bytes = content !== undefined && 'bytes' in content ? content.bytes : undefined;
    const likely = bytes === undefined ? {} : this.sieve(bytes, path);
    if (likely !== undefined) return this.#lookInto({ path, at }, content, likely);
    this.#count(bytes?.length ?? 0);
    this.#keepClean(at, content);
    return undefined;
  }

  async #lookInto(
    { path, at }: { readonly path: string; readonly at: number },
    content: Content | undefined,
    likely: Likely,
  ): Promise<void> {
    const seen: Seen[] = [];
    const skipped: Skipped[] = [];
    for await (const read of readTexts(this.#place.source, path, content)) {
      if ('reason' in read) {
        skipped.push(read);
        continue;
      }
      if ('windows' in read) {
        seen.push(...this.#lookThrough(read));
        continue;
      }
      this.#count(read.text.length);
      const one = await this.#lookAt({ ...read, ...(read.path === path ? likely : {}) });
      if (one.matches.length > 0) seen.push(one);
    }
    if (seen.length > 0 || skipped.length > 0) this.#looked.push({ at, seen, skipped });
    else this.#keepClean(at, content);
  }

  #keepClean(at: number, content: Content | undefined): void {
    if (content !== undefined && 'bytes' in content && content.state !== undefined)
      this.#clean.push([at, ...content.state]);
  }

  #lookThrough({ path, windows }: Large): readonly Seen[] {
    const look = (text: string, likely: Likely): readonly Match[] =>
      this.#match({ path, text, ...likely }, null);
    this.#counts.files += 1;
    const seen: Seen[] = [];
    for (const { bytes, found } of lookThrough(windows, path, this.sieve, look)) {
      this.#counts.bytes += bytes;
      for (const placed of found) seen.push({ ...this.#placed(path), ...placed });
    }
    return seen;
  }

  /** A text that its format cannot parse is matched as plain text. */
  async #lookAt(text: LikelyText): Promise<Seen> {
    const facts = await this.#factsOf(text);
    const matches = this.#match(text, facts);
    const lineStarts = facts?.lineStarts ?? (matches.length === 0 ? [] : toLineStarts(text.text));
    return { ...this.#placed(text.path), lineStarts, matches };
  }

  #placed(path: string): Pick<Seen, 'path' | 'identity' | 'source'> {
    const { source, below } = this.#place;
    return { path, identity: `${below}${path}`, source: source.kind };
  }

  /** Without structure, looks only where something may be. */
  #match({ path, text, near, ...likely }: LikelyText, facts: FileFacts | null): readonly Match[] {
    const spans = facts === null ? near?.(text) : undefined;
    const exact = ownFiles.test(path);
    const place = { path, exact, ...likely, ...(spans === undefined ? {} : { near: spans }) };
    return matchFile(text, facts, this.#rules, place);
  }

  async #factsOf({ path, text, near }: LikelyText): Promise<FileFacts | null> {
    if (text.length > MOST_PARSED || machineMade.test(path)) return null;
    const format = formatFor(path, text.slice(0, HEAD));
    if (format === undefined || isBundle(text) || !isWorthParsing(text, format.id)) return null;
    const places = text.length < LONG_TEXT ? undefined : near?.(text);
    const facts =
      (places === undefined ? undefined : await excerptFacts(format, { path, text, places })) ??
      (await wholeFacts(format, { path, text }));
    if (facts === undefined) this.#counts.asText += 1;
    else this.#counts.parsed += 1;
    return facts ?? null;
  }

  #count(bytes: number): void {
    this.#counts.files += 1;
    this.#counts.bytes += bytes;
  }
}

/** Reads what surrounds some places of a large text; undefined where its format cannot read that by itself. */
async function excerptFacts(
  format: Format,
  { path, text, places }: { readonly path: string; readonly text: string; readonly places: readonly Span[] },
): Promise<FileFacts | undefined> {
  const excerpt = await format.excerpt?.(text, places);
  return excerpt === undefined ? undefined : wholeFacts(format, { path, text: excerpt });
}

async function wholeFacts(
  format: Format,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<FileFacts | undefined> {
  try {
    return (await format.parse(text, path)).facts;
  } catch {
    return undefined;
  }
}

function nothingYet() {
  return { files: 0, bytes: 0, parsed: 0, asText: 0 };
}

/** Bundled or minified code: long, in long lines. Parsing it takes seconds and nobody wrote it. */
function isBundle(text: string): boolean {
  if (text.length < LONG_TEXT) return false;
  const lines = text.split('\n', text.length / LONG_LINE).length;
  return lines < text.length / LONG_LINE;
}
