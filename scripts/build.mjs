// Builds dist/: the command line (split, so that a verb loads only what it uses), the library, the helper that
// ships into users' code as one file, compiled rules, grammars. Development tool; ships nowhere.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { writeStamp } from './stamp.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** Loaded from node_modules at run time: large, or bound to files of their own. */
const external = [/^oidc-provider($|\/)/, /^@okta\//, /^web-tree-sitter($|\/)/, /^@napi-rs\//, /^node:/];

await emptyDist();
await Promise.all([buildProgram(), buildFast(), buildHelper(), buildPages()]);
copyAssets();
run('node', ['scripts/kernels.mjs']);
run('node', ['scripts/rules.mjs']);
run('node', ['scripts/grammars.mjs']);
run('node', ['scripts/code-cache.mjs']);
writeStamp(dist);
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json']);

async function emptyDist() {
  // Grammars are unpacked from pinned tarballs and expensive to bring again.
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist))
    if (name !== 'grammars') rmSync(join(dist, name), { recursive: true });
}

async function buildProgram() {
  const bundle = await rolldown({
    input: {
      cli: join(root, 'src/cli.ts'),
      exchange: join(root, 'src/exchange/index.ts'),
      'threads/look': join(root, 'src/survey/tree/thread.ts'),
      'threads/history': join(root, 'src/survey/history/thread.ts'),
    },
    platform: 'node',
    external,
    resolve: { mainFields: ['module', 'main'] },
  });
  await bundle.write({ dir: dist, format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', minify: false });
}

/** What a commit waits for: files of CommonJS, which Node loads in a third of the time of modules. */
async function buildFast() {
  const parts = { staged: 'src/sources/staged-list.ts', fast: 'src/fast.ts' };
  for (const [name, source] of Object.entries(parts)) {
    const bundle = await rolldown({ input: join(root, source), platform: 'node', external });
    await bundle.write({ file: join(dist, `${name}.cjs`), format: 'cjs', codeSplitting: false });
  }
}

async function buildHelper() {
  const bundle = await rolldown({
    input: join(root, 'src/helper/vendored.ts'),
    platform: 'node',
    // Nothing of the second is left in it: the file has no dependencies.
    external: [/^node:/, /^@napi-rs\//],
  });
  await bundle.write({ file: join(dist, 'helpers/helper.mjs'), format: 'esm', codeSplitting: false });
}

/** Each HTML page holds its script as one text. */
async function buildPages() {
  for (const name of ['report', 'map']) {
    const bundle = await rolldown({ input: join(root, `src/output/page/${name}.mjs`), platform: 'browser' });
    await bundle.write({ file: join(dist, `output/page/${name}.js`), format: 'iife', codeSplitting: false });
    cpSync(join(root, `src/output/page/${name}.css`), join(dist, `output/page/${name}.css`));
  }
}

function copyAssets() {
  const ports = join(root, 'src/helper/ports');
  for (const name of readdirSync(ports)) cpSync(join(ports, name), join(dist, 'helpers', name));
  cpSync(join(root, 'src/demo/estate'), join(dist, 'estate'), { recursive: true });
  const scopes = join(root, 'rules/scopes');
  if (existsSync(scopes)) cpSync(scopes, join(dist, 'scopes'), { recursive: true });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined || status !== 0) {
    process.stderr.write(`build: ${args[0]} failed\n`);
    process.exit(1);
  }
}
