import { cloneNewest } from '../../lib/git-clone.ts';
import { decodeText } from '../../lib/text.ts';
import type { Content } from '../../lib/tree-reader.ts';
import { tooLarge } from '../../lib/walk.ts';
import type { Secret } from '../../model/secret.ts';
import type { Skipped } from '../../model/place.ts';
import { brokenReason } from '../git/cat-file.ts';
import { parseCommit } from '../git/commit.ts';
import { openObjects, type Objects } from '../git/objects.ts';
import { findRepository } from '../git/repository.ts';
import { readHead } from '../git/tips.ts';
import { nextEntry, openTreeAt } from '../git/tree.ts';
import type { TextSource } from '../types.ts';
import type { GithubHost } from './host.ts';

export interface CloneOptions {
  readonly host: GithubHost;
  readonly token: Secret;
  readonly maxBytes: number;
  /** An empty folder that is not there yet. */
  readonly folder: string;
}

/** A clone that can be looked at. `close` lets its files go. */
export interface Clone {
  readonly source: TextSource;
  readonly close: () => void;
}

/** Brings the newest state of a repository, without its history and large files; or says why it could not. */
export async function openClone(name: string, options: CloneOptions): Promise<Clone | string> {
  const { host, token, maxBytes, folder } = options;
  const url = `${host.server}/${name}.git`;
  const failed = await cloneNewest({ url, folder, maxBytes, user: 'x-access-token', password: token });
  if (failed !== undefined) return failed;
  const repository = findRepository(folder);
  if (repository === undefined) return 'git did not make a repository of it';
  const objects = openObjects(repository);
  const head = readHead(repository);
  // Nobody has pushed to it yet.
  const listed = head === undefined ? emptyList() : listCommit(objects, head, `${name}/`);
  if (listed === undefined) {
    objects.close();
    return 'its newest commit is broken';
  }
  return { source: toSource(objects, listed, maxBytes), close: objects.close };
}

interface Listed {
  /** Names of blobs by path. */
  readonly blobs: Map<string, Buffer>;
  readonly skipped: Skipped[];
}

const MOST_FILES = 2_000_000;
const MOST_DEEP = 400;

function emptyList(): Listed {
  return { blobs: new Map(), skipped: [] };
}

function listCommit(objects: Objects, head: string, prefix: string): Listed | undefined {
  const commit = parseCommit(readNamed(objects, Buffer.from(head, 'hex')) ?? Buffer.alloc(0));
  if (commit === undefined) return undefined;
  const listed = emptyList();
  listTree({ objects, listed, deep: 0 }, Buffer.from(commit.tree, 'hex'), prefix);
  return listed;
}

interface Walk {
  readonly objects: Objects;
  readonly listed: Listed;
  readonly deep: number;
}

/** A tree may name itself many times over: what is listed is bounded. */
function listTree(walk: Walk, name: Buffer, prefix: string): void {
  const { objects, listed, deep } = walk;
  const bytes = readNamed(objects, name);
  const { nameBytes } = objects;
  const folder = prefix.slice(0, -1);
  if (bytes === undefined || deep > MOST_DEEP) {
    listed.skipped.push({ path: folder, reason: bytes === undefined ? brokenReason : 'folders too deep' });
    return;
  }
  const cursor = openTreeAt(bytes, 0, bytes.length);
  for (let start = 0; nextEntry(cursor, nameBytes); start = cursor.at) {
    if (listed.blobs.size >= MOST_FILES)
      return void listed.skipped.push({ path: folder, reason: 'too many files' });
    const path = `${prefix}${bytes.toString('utf8', cursor.nameFrom, cursor.nameEnd)}`;
    const object = bytes.subarray(cursor.object, cursor.object + nameBytes);
    if (cursor.kind === 'tree') listTree({ ...walk, deep: deep + 1 }, object, `${path}/`);
    else if (cursor.kind === 'other') listed.skipped.push({ path, reason: 'submodule or nested repository' });
    else if (bytes[start + 1] === LINK) listed.skipped.push({ path, reason: 'symbolic link' });
    else listed.blobs.set(path, object);
  }
}

/** The second digit of the mode of a link, `120000`. */
const LINK = 0x32;

function toSource(objects: Objects, { blobs, skipped }: Listed, maxBytes: number): TextSource {
  const bytes = (path: string): Content => {
    const name = blobs.get(path);
    // Git leaves out what is larger than was asked for.
    if (name === undefined || objects.find(name) === -1) return { reason: tooLarge(maxBytes) };
    const blob = readNamed(objects, name);
    return blob === undefined ? { reason: brokenReason } : { bytes: blob };
  };
  return {
    kind: 'github',
    root: null,
    paths: [...blobs.keys()],
    unlisted: skipped,
    bytes,
    read: (path) => {
      const content = bytes(path);
      return Promise.resolve('reason' in content ? content : decodeText(content.bytes));
    },
  };
}

function readNamed(objects: Objects, name: Buffer): Buffer | undefined {
  const number = objects.find(name);
  return number === -1 ? undefined : objects.read(number)?.body;
}
