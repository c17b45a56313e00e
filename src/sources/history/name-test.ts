/** Names that are remembered; a hostile repository may hold any number. */
const MOST_NAMES = 100_000;

/** A name that no pattern of names means. */
const NO_NAME = '\u0001';

/**
 * Makes the test of which names of files may be those of a path that some pattern matches, in whatever folder. A pattern
 * of folders is tried with those that it names itself, and with one between them and the file; one that any name holds
 * for in such a folder (`isOfFolders`) tells nothing there.
 */
export function toNameTest(patterns: readonly RegExp[]): (name: string) => boolean {
  const tried = patterns.map((pattern) => ({
    pattern,
    folders: foldersIn(pattern).filter((folder) => !pattern.test(`${folder}${NO_NAME}`)),
  }));
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const may = tried.some(({ pattern, folders }) =>
      folders.some((folder) => pattern.test(`${folder}${name}`)),
    );
    if (known.size >= MOST_NAMES) known.clear();
    known.set(name, may);
    return may;
  };
}

/** Says whether a pattern takes any file of some folder, whatever its name. */
export function isOfFolders(pattern: RegExp): boolean {
  return foldersIn(pattern).some((folder) => pattern.test(`${folder}${NO_NAME}`));
}

/** What a pattern says in plain letters may be a folder, also where it comes after another one. */
function foldersIn({ source }: RegExp): readonly string[] {
  const plain = source
    .replaceAll(/\\u002e|\\\./gi, '.')
    .replaceAll(/\\([/-])/g, '$1')
    .replaceAll(/\[([a-z])([a-z])\]/gi, (pair, one: string, other: string) =>
      one.toLowerCase() === other.toLowerCase() ? one : pair,
    )
    .replaceAll(/\[[^\]]*\]|\\./g, ' ');
  const runs = plain.match(/[\w.-]+(?:\/[\w.-]+)*/g) ?? [];
  const folders = runs.flatMap((run) => {
    const parts = run.split('/');
    return parts.map((_, n) => `${parts.slice(0, n + 1).join('/')}/`);
  });
  return ['', ...[...new Set(folders)].flatMap((folder) => [folder, `${folder}x/`])];
}
