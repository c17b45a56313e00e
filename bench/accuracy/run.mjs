// Runs one of the scripts beside it: node bench/accuracy/run.mjs train|language|measure …
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const here = fileURLToPath(new URL('.', import.meta.url));
const [name = 'measure', ...rest] = process.argv.slice(2);
const out = join(here, '../../dist/bench', `${name}.mjs`);
mkdirSync(join(here, '../../dist/bench'), { recursive: true });
const bundle = await rolldown({
  input: join(here, `${name}.ts`),
  platform: 'node',
  external: [/^node:/, /^[a-z@](?!:)/],
  resolve: { mainFields: ['module', 'main'] },
});
await bundle.write({ file: out, format: 'esm', codeSplitting: false });
process.argv.splice(1, process.argv.length - 1, out, ...rest);
await import(pathToFileURL(out).href);
