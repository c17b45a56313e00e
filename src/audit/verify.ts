import { fileSize, readBytesFrom } from '../lib/append-file.ts';
import { readAuditKey } from '../lib/keys.ts';
import { readHead, type Head } from './head.ts';
import { headFile, logFile, type AuditPaths } from './log.ts';
import { walkLog, type Walk } from './walk.ts';

type State =
  'intact' | 'empty' | 'torn' | 'altered' | 'truncated' | 'missing-head' | 'altered-head' | 'missing-key';

/** What a check of the log found. */
export interface Verdict {
  /** `torn`: the last line is half there, as a crash leaves it; the next append cuts it off. */
  readonly state: State;
  /** How many entries from the first are whole and in order. */
  readonly entries: number;
  /** First entry that is wrong (`altered`) or gone (`truncated`, `torn`). */
  readonly seq: number | null;
  /** How many entries there should be, null where no head says it. */
  readonly expected: number | null;
  /** How many torn lines were cut off in the life of this log. */
  readonly tears: number;
}

/** Checks the whole log against its hash chain and its head. Reads only. */
export async function verifyAudit(paths: AuditPaths): Promise<Verdict> {
  const key = await readAuditKey(paths, false);
  const bytes = await readBytesFrom(logFile(paths), 0);
  const headThere = (await fileSize(headFile(paths))) > 0;
  const read = walkLog(bytes);
  const without = (state: State): Verdict => {
    return { state, entries: read.mark.seq, seq: null, expected: null, tears: 0 };
  };
  if (bytes.length === 0 && !headThere) return without('empty');
  if (key === undefined) return without('missing-key');
  const head = await readHead(headFile(paths), key);
  if (head === undefined) return without('missing-head');
  if (head === 'altered') return without('altered-head');
  const [state, seq] = compare(read, head, bytes.length);
  return { state, entries: read.mark.seq, seq, expected: (head.next ?? head.last).seq, tears: head.tears };
}

function compare(read: Walk, { last, next }: Head, size: number): [State, number | null] {
  const found = read.mark.seq;
  if (read.stopped) return ['altered', found + 1];
  if (found < last.seq) return compareShort(read, last);
  // A whole chain with another end was written anew: none of its entries can be believed.
  if (read.hashes[last.seq] !== last.hash) return ['altered', 1];
  const end = next ?? last;
  if (size > end.size || (found === end.seq && read.mark.hash !== end.hash)) return ['altered', last.seq + 1];
  // Announced and not finished: a crash, whether it left half a line or none.
  return found < end.seq ? ['torn', end.seq] : ['intact', null];
}

function compareShort(read: Walk, last: Head['last']): [State, number] {
  const found = read.mark.seq;
  if (found === last.seq - 1) {
    if (read.mark.hash !== last.prev) return ['altered', 1];
    if (read.torn) return ['torn', last.seq];
  }
  return ['truncated', found + 1];
}
