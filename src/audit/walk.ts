import type { AuditEntry } from '../model/audit-entry.ts';
import { followLine, origin, type Mark } from './chain.ts';

/** What of a log is whole and in order, from its beginning. */
export interface Walk {
  readonly entries: readonly AuditEntry[];
  readonly mark: Mark;
  /** Hash after each entry, the origin's first. */
  readonly hashes: readonly string[];
  /** Whether a complete line that does not follow ended the walk. */
  readonly stopped: boolean;
  /** Whether the log ends in half a line. */
  readonly torn: boolean;
}

/** Follows the chain from the beginning until a line does not fit, or the log ends. */
export function walkLog(bytes: Buffer): Walk {
  const entries: AuditEntry[] = [];
  const hashes: string[] = [origin.hash];
  let mark = origin;
  for (;;) {
    const end = bytes.indexOf(10, mark.size);
    if (end === -1) return { entries, mark, hashes, stopped: false, torn: bytes.length > mark.size };
    const followed = followLine(bytes.toString('utf8', mark.size, end), mark);
    if (followed === undefined) return { entries, mark, hashes, stopped: true, torn: false };
    entries.push(followed.entry);
    mark = followed.mark;
    hashes.push(mark.hash);
  }
}
