/** What a commit says of itself. */
export interface Commit {
  /** Names in hex. */
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>`. */
  readonly author: string;
  /** Seconds since 1970 and the zone as written, such as `+0200`. */
  readonly authoredAt: number;
  readonly authorZone: string;
  readonly committedAt: number;
}

const HEAD = 16_384;

/** Reads the head of a commit; undefined where it is none. */
export function parseCommit(body: Buffer): Commit | undefined {
  const text = body.subarray(0, HEAD).toString('utf8');
  const tree = /^tree ([0-9a-f]{40,64})\n/.exec(text)?.[1];
  if (tree === undefined) return undefined;
  const end = text.indexOf('\n\n');
  const head = end === -1 ? text : text.slice(0, end);
  const [, author = '', seconds = '0', zone = '+0000'] =
    /^author (.*?) ?(-?\d+) ([+-]\d{4})$/m.exec(head) ?? [];
  return {
    tree,
    parents: [...head.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, name = '']) => name),
    author,
    authoredAt: Number(seconds),
    authorZone: zone,
    committedAt: Number(/^committer .*? ?(-?\d+) [+-]\d{4}$/m.exec(head)?.[1] ?? 0),
  };
}

/** Name in hex of what an annotated tag points at; undefined where it is none. */
export function parseTag(body: Buffer): string | undefined {
  return /^object ([0-9a-f]{40,64})\n/.exec(body.toString('latin1', 0, 128))?.[1];
}
