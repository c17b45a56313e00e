import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Compiles the rules, and unpacks the grammars where they are missing, once for all test files. */
export function setup(): void {
  const root = resolve(import.meta.dirname, '..');
  for (const script of ['scripts/rules.mjs', 'scripts/grammars.mjs'])
    execFileSync(process.execPath, [script], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
