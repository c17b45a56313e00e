import {
  createEngine,
  decodeLayers,
  isCode,
  mayHoldLayers,
  type Candidate,
  type CompiledRule,
  type EngineTables,
  type RuleSet,
  type TextPlace,
} from '../detect/index.ts';
import { credentialNames } from '../formats/credentials/index.ts';
import { decodeText, isUnusual } from '../lib/text.ts';
import { startWasm } from '../lib/wasm.ts';
import type { Span } from '../model/place.ts';

/** What a file may hold, judged by its bytes. */
export interface Likely extends Pick<TextPlace, 'patterns' | 'glance'> {
  /** Gives where to look in the file's text; undefined for all of it. */
  readonly near?: (text: string) => readonly Span[] | undefined;
}

/**
 * Tells which files must be decoded: undefined for those in which no rule finds anything. One of which the structure
 * is not read is only text (`asText`).
 */
export type Sieve = (bytes: Buffer, path: string, asText?: boolean) => Likely | undefined;

/** Formats in which a value is a quoted literal. */
const code = /\.(?:[cm]?[jt]sx?|pyw?|go)$/;

/** Formats in which a name may stand far from its value: a column's head, a block's label, the id of an MCP input. */
const apart = /\.(?:tf|hcl|csv|tsv)$|(?:^|[/._-])mcp[\w.-]{0,40}\.json$|(?:^|\/)\.vscode\/settings\.json$/;

/** A text of fewer bytes is looked at whole. */
const SMALL = 4_096;

/** Bytes around a place of interest within which a match may begin and end, beside the length of a rule's pattern. */
const BEFORE = 2_400;
const AFTER = 2_400;

/**
 * Makes a sieve of rules, and of what the build has worked out for them where that is at hand. It keeps buffers between
 * calls: each thread needs its own.
 */
export function createSieve(rules: RuleSet, tables?: EngineTables): Sieve {
  const engine = createEngine(rules, startWasm, tables);
  const scratch = new Scratch();
  const glance: NonNullable<Likely['glance']> = (text) => {
    const bytes = scratch.write(text);
    const found = engine.scan(bytes, 0, bytes.length);
    if (found.length === 0) return undefined;
    const near = spansAround(found, bytes, text);
    return { patterns: patternsOf(found), ...(near === undefined ? {} : { near }) };
  };
  /** Encoded text is common, such as that of certificates and digests; what it says is looked at like a file. */
  const layersHold = (bytes: Buffer, path: string): boolean => {
    if (!mayHoldLayers(bytes, 0, bytes.length)) return false;
    const decoded = decodeText(bytes);
    if (!('text' in decoded)) return false;
    return decodeLayers(decoded.text, isCode(path)).some(({ text }) => glance(text) !== undefined);
  };
  /** The path of some files says that they hold credentials. */
  const isFiled = (path: string): boolean => rules.ofPath(path).length > 0;
  return (bytes, path, asText = false) => {
    // Rules of other scanners have no anchors that the engine knows.
    if (isUnusual(bytes) || rules.foreign.length > 0) return {};
    if (!asText && (apart.test(path) || credentialNames.test(path))) return {};
    const found = engine.scan(bytes, 0, bytes.length, code.test(path));
    if (found.length === 0 && !isFiled(path) && !layersHold(bytes, path)) return undefined;
    return { patterns: patternsOf(found), glance, near: (text) => spansAround(found, bytes, text) };
  };
}

function patternsOf(found: readonly Candidate[]): readonly CompiledRule[] {
  return [...new Set(found.flatMap(({ rule }) => rule ?? []))];
}

/** Bytes to write texts into, one after the other. */
class Scratch {
  #bytes = Buffer.allocUnsafe(65_536);

  write(text: string): Buffer {
    const most = text.length * 3;
    if (most > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(most * 2);
    return this.#bytes.subarray(0, this.#bytes.write(text));
  }
}

/** Joins what is around places into spans of the text; a place is counted in bytes. */
function spansAround(found: readonly Candidate[], bytes: Buffer, text: string): readonly Span[] | undefined {
  if (bytes.length < SMALL) return undefined;
  const spans: { start: number; end: number }[] = [];
  let last = { at: 0, in: 0 };
  for (const { at, rule } of found.toSorted((a, b) => a.at - b.at)) {
    const inText = bytes.length === text.length ? at : last.in + bytes.toString('utf8', last.at, at).length;
    last = { at, in: inText };
    const end = Math.min(text.length, inText + AFTER + (rule?.rule.anchors?.pattern?.length ?? 0));
    const open = spans.at(-1);
    if (open !== undefined && inText - BEFORE <= open.end) open.end = Math.max(open.end, end);
    else spans.push({ start: Math.max(0, inText - BEFORE), end });
  }
  return spans;
}
