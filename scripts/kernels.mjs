// Compiles each src/**/NAME.as.ts to dist/kernels/NAME.wasm; those in `parts` are imported by others. Development tool;
// ships nowhere.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = [
  '--runtime',
  'stub',
  '--importMemory',
  '--enable',
  'simd',
  '-O3',
  '--noAssert',
  '--noColors',
];
const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');

mkdirSync(join(root, 'dist/kernels'), { recursive: true });
for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }))
  if (name.endsWith('.as.ts') && !name.includes(`${sep}parts${sep}`)) compile(name);

function compile(name) {
  const { status } = spawnSync(
    process.execPath,
    [
      compiler,
      join('src', name),
      '--outFile',
      join('dist/kernels', `${basename(name, '.as.ts')}.wasm`),
      ...options,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status === 0) return;
  process.stderr.write(`kernels: ${name} cannot be compiled\n`);
  process.exit(1);
}
