/** One entry of a tree while it is looked at. */
export interface TreeCursor {
  readonly bytes: Buffer;
  readonly end: number;
  /** Where the next entry begins. */
  at: number;
  /** `tree`, `blob` for files and links, `other` for a submodule's commit. */
  kind: 'tree' | 'blob' | 'other';
  nameFrom: number;
  nameEnd: number;
  /** Where the object's name begins. */
  object: number;
}

export function openTreeAt(bytes: Buffer, at: number, length: number): TreeCursor {
  return { bytes, end: at + length, at, kind: 'other', nameFrom: 0, nameEnd: 0, object: 0 };
}

const SPACE = 0x20;
const ONE = 0x31;
const FOUR = 0x34;
const SIX = 0x36;

/** Steps to the next entry; false at the end or where the tree is broken. */
export function nextEntry(cursor: TreeCursor, nameBytes: number): boolean {
  const { bytes, end } = cursor;
  let at = cursor.at;
  if (at >= end) return false;
  const first = bytes[at];
  const second = bytes[at + 1];
  cursor.kind = first === FOUR ? 'tree' : first === ONE && second !== SIX ? 'blob' : 'other';
  while (at < end && bytes[at] !== SPACE) at += 1;
  cursor.nameFrom = at + 1;
  while (at < end && bytes[at] !== 0) at += 1;
  cursor.nameEnd = at;
  cursor.object = at + 1;
  cursor.at = at + 1 + nameBytes;
  return cursor.at <= end;
}

/** One entry of a tree. */
export interface TreeEntry {
  readonly kind: TreeCursor['kind'];
  readonly name: string;
  readonly object: Buffer;
}

/** Lists the entries of a tree, up to where it is broken. */
export function parseTree(body: Buffer, nameBytes: number): readonly TreeEntry[] {
  const cursor = openTreeAt(body, 0, body.length);
  const entries: TreeEntry[] = [];
  while (nextEntry(cursor, nameBytes))
    entries.push({
      kind: cursor.kind,
      name: body.toString('utf8', cursor.nameFrom, cursor.nameEnd),
      object: body.subarray(cursor.object, cursor.object + nameBytes),
    });
  return entries;
}
