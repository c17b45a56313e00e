// npm run test:interop: the tests against a real Keycloak; skipped, and said so, where Java or Maven is missing.
import { spawnSync } from 'node:child_process';
import { build, install, run, step } from './prepare.mjs';

const missing = missingTool();
if (missing !== undefined) step(`skipped the tests against a real Keycloak: ${missing}`);
else {
  install();
  build();
  step('running the tests against a real Keycloak (the first time it is fetched with Maven and built)');
  const args = ['--no-install', 'vitest', 'run', '--config', 'test/interop/vitest.config.ts'];
  run('npx', [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
}

function missingTool() {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.status !== 0) return 'no Java here';
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < 17) return `Java ${version} here, 17 or newer is needed`;
  return spawnSync('mvn', ['-version']).status === 0 ? undefined : 'no Maven here';
}
