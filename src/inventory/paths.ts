/** Gives the folder of a path; the root is ''. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at === -1 ? '' : path.slice(0, at);
}

/** Gives the last segment of a path. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Gives the last segment without its endings: `list-groups` of `scripts/list-groups.sh`. */
export function stemOf(path: string): string {
  return baseOf(path).replace(/(?<=.)\.[^/]*$/, '');
}

/** Joins and normalises; `undefined` where the path leaves the root. */
export function joinPath(folder: string, path: string): string | undefined {
  const segments: string[] = [];
  for (const segment of `${folder}/${path}`.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join('/');
}

/** Says whether a path lies in a folder; every path lies in ''. */
export function isInside(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** Says whether a slot is the one at a key path, or lies below it. */
export function isBelow(slot: string, prefix: string): boolean {
  return slot === prefix || slot.startsWith(`${prefix}.`) || slot.startsWith(`${prefix}[`);
}

/** Says whether a file only tests: what it calls is not what the consumer needs. */
export function isTest(path: string): boolean {
  return (
    /(^|\/)(__tests__|__mocks__|tests?|testdata|fixtures|specs?|e2e|cypress)\//i.test(path) ||
    /(_test\.go|_test\.py|(^|\/)test_[^/]*\.py|(^|\/)conftest\.py|\.(test|spec)\.[cm]?[jt]sx?)$/.test(path)
  );
}
