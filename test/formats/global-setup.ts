import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Unpacks the grammars once for all test files; does nothing where they are there. */
export function setup(): void {
  const root = resolve(import.meta.dirname, '../..');
  execFileSync(process.execPath, ['scripts/grammars.mjs'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
