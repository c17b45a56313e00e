import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface CodeFile {
  readonly path: string;
  readonly text: string;
}

const skippedFolder = /^(?:\.git|node_modules|vendor|dist|build|target)$/;
const skippedFile =
  /\.(?:png|jpe?g|gif|ico|svg|woff2?|ttf|eot|zip|gz|jar|pdf|lock|sum|map|snap|wasm|mp4|webp|bin|exe|class)$|(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml)$|\.min\./;
const testOrDocs =
  /(?:^|[/_.-])(?:tests?|testing|testdata|testutils?|specs?|__tests__|fixtures?|mocks?|docs?|documentation|examples?|samples?|demo|e2e|integration|changelogs?)(?:[/_.-]|$)|_test\.|Tests?\.\w+$|\.(?:md|mdx|rst|adoc|txt)$/i;

/** Says whether a file is a test, an example or documentation, where secret-shaped text abounds. */
export function isTestOrDocs(path: string): boolean {
  return testOrDocs.test(path);
}

/**
 * Reads every text of a folder in the order of the paths; large and binary files are left out.
 * @yields each file with its text
 */
export function* readCode(root: string): Generator<CodeFile> {
  for (const path of pathsBelow(root, root)) {
    const bytes = readFileSync(join(root, path));
    if (bytes.length > 500_000 || bytes.subarray(0, 4000).includes(0)) continue;
    yield { path, text: bytes.toString('utf8') };
  }
}

function* pathsBelow(root: string, folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skippedFolder.test(entry.name)) yield* pathsBelow(root, path);
    else if (entry.isFile() && !skippedFile.test(entry.name))
      yield relative(root, path).replaceAll('\\', '/');
  }
}
