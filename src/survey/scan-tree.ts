import {
  createFingerprint,
  matchFile,
  toFindings,
  type Match,
  type RuleSet,
  type Seen,
} from '../detect/index.ts';
import { formatFor, parseFile } from '../formats/index.ts';
import { toLineStarts } from '../lib/text.ts';
import type { FileFacts } from '../model/facts.ts';
import type { Finding } from '../model/finding.ts';
import type { Skipped } from '../model/place.ts';
import type { TextSource } from '../sources/types.ts';

export interface ScanOptions {
  readonly rules: RuleSet;
  /** Key of the fingerprints. */
  readonly key: string;
}

export interface ScanResult {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly stats: { readonly files: number; readonly bytes: number };
}

/** Text without one of these holds no name of a secret, so its structure need not be known. */
const telling =
  /secret|token|passw|pwd|key|credential|auth|ssws|bearer|dsn|webhook|private|_pat\b|_url\b|connection/i;
const MOST_PARSED = 2_000_000;

/** Looks at every text of a source. A text that its format cannot parse is matched as plain text. */
export async function scanSource(source: TextSource, options: ScanOptions): Promise<ScanResult> {
  const seen: Seen[] = [];
  const skipped: Skipped[] = [];
  let bytes = 0;
  for (const path of source.paths) {
    const decoded = await source.read(path);
    if ('reason' in decoded) {
      skipped.push({ path, reason: decoded.reason });
      continue;
    }
    bytes += decoded.text.length;
    if (!telling.test(decoded.text) && !path.includes('.env')) continue;
    const facts = await factsOf(path, decoded.text);
    const matches = matchFile(decoded.text, facts, options.rules);
    if (matches.length === 0) continue;
    seen.push({
      path,
      lineStarts: facts?.lineStarts ?? toLineStarts(decoded.text),
      source: source.kind,
      matches: withIgnored(decoded.text, matches),
    });
  }
  return {
    findings: toFindings(seen, createFingerprint(options.key)),
    skipped,
    stats: { files: source.paths.length - skipped.length, bytes },
  };
}

async function factsOf(path: string, text: string): Promise<FileFacts | null> {
  if (text.length > MOST_PARSED || formatFor(path, text.slice(0, 1024)) === undefined) return null;
  try {
    return (await parseFile(text, path))?.facts ?? null;
  } catch {
    return null;
  }
}

/** Marks what a comment on the line or the line before lets pass: `agent-id:ignore RULE reason`. */
function withIgnored(text: string, matches: readonly Match[]): readonly Match[] {
  if (!text.includes('agent-id:ignore')) return matches;
  return matches.map((match) => {
    const start = text.lastIndexOf('\n', match.span.start - 1);
    const before = text.lastIndexOf('\n', start - 1);
    const end = text.indexOf('\n', match.span.end);
    const lines = text.slice(before + 1, end === -1 ? text.length : end);
    const [, rule, reason] = /agent-id:ignore[ \t]+([\w-]+)[ \t]+([^\n]{1,200})/.exec(lines) ?? [];
    return rule === match.rule.id && reason !== undefined ? { ...match, ignored: reason.trim() } : match;
  });
}
