// Static checks, all of them even where one fails, so that one run shows everything.
import { spawnSync } from 'node:child_process';
import { root } from './prepare.mjs';

const checks = [
  ['tsc', '-p', '.'],
  ['oxlint', '--deny-warnings'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['knip'],
];

let failed = 0;
for (const [command, ...args] of checks) {
  const { status } = spawnSync('npx', ['--no-install', command, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.stderr.write(`check: ${command} ${status === 0 ? 'ok' : 'FAILED'}\n`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
