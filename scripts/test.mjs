// npm test: installs, builds, checks (types, lint, format, unused code), runs all tests.
import { build, install, run, step } from './prepare.mjs';

install();
build();
step('checking types, lint, format and unused code');
run('node', ['scripts/check.mjs']);
step('running the tests');
run('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
