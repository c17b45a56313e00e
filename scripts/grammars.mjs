// Unpacks the tree-sitter grammars from pinned npm tarballs into dist/grammars. As dependencies these packages would
// run install scripts and bring their C sources; we need one file of each. Safe to repeat: does nothing when done.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const grammars = [
  {
    name: 'tree-sitter-bash',
    version: '0.25.1',
    integrity:
      'sha512-7hMytuYIMoXOq24yRulgIxthE9YmggZIOHCyPTTuJcu6EU54tYD+4G39cUb28kxC6jMf/AbPfWGLQtgPTdh3xw==',
  },
  {
    name: 'tree-sitter-python',
    version: '0.25.0',
    integrity:
      'sha512-eCmJx6zQa35GxaCtQD+wXHOhYqBxEL+bp71W/s3fcDMu06MrtzkVXR437dRrCrbrDbyLuUDJpAgycs7ncngLXw==',
  },
  {
    name: 'tree-sitter-go',
    version: '0.25.0',
    integrity:
      'sha512-APBc/Dq3xz/e35Xpkhb1blu5UgW+2E3RyGWawZSCNcbGwa7jhSQPS8KsUupuzBla8PCo8+lz9W/JDJjmfRa2tw==',
  },
];

const folder = fileURLToPath(new URL('../dist/grammars', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const grammar of grammars) if (!isDone(grammar)) bring(grammar);

function isDone({ name, version, integrity }) {
  const mark = join(folder, `${name}.json`);
  if (!existsSync(mark) || !existsSync(join(folder, `${name}.wasm`))) return false;
  const known = JSON.parse(readFileSync(mark, 'utf8'));
  const wasm = readFileSync(join(folder, `${name}.wasm`));
  return known.version === version && known.integrity === integrity && known.wasm === digest('sha256', wasm);
}

function bring(grammar) {
  const temporary = mkdtempSync(join(tmpdir(), 'agent-id-grammar-'));
  try {
    const files = unpack(gunzipSync(download(grammar, temporary)));
    const wasm = files.get(`package/${grammar.name}.wasm`);
    if (wasm === undefined) fail(grammar, 'its package holds no wasm file');
    place(`${grammar.name}.LICENSE`, files.get('package/LICENSE') ?? Buffer.from('MIT\n'));
    place(`${grammar.name}.wasm`, wasm);
    const { version, integrity } = grammar;
    place(
      `${grammar.name}.json`,
      `${JSON.stringify({ version, integrity, wasm: digest('sha256', wasm) })}\n`,
    );
    process.stderr.write(`grammars: ${grammar.name} ${grammar.version}\n`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function download(grammar, temporary) {
  const spec = `${grammar.name}@${grammar.version}`;
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['pack', spec, '--pack-destination', temporary, '--prefer-offline', '--ignore-scripts', '--silent'],
    { cwd: temporary, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (error !== undefined || status !== 0) {
    const why = error?.message ?? (stderr.trim().split('\n').at(-1) || `npm pack ended with ${status}`);
    fail(grammar, `${why}. It is downloaded once; is the npm registry reachable?`);
  }
  const tarball = readFileSync(join(temporary, stdout.trim().split('\n').at(-1)));
  if (`sha512-${digest('sha512', tarball, 'base64')}` !== grammar.integrity) {
    fail(grammar, 'the tarball is not the pinned one (sha512 differs)');
  }
  return tarball;
}

/** Reads the plain files of a tar archive (ustar: 512-byte headers, sizes in octal). */
function unpack(tar) {
  const files = new Map();
  for (let at = 0; at + 512 <= tar.length;) {
    const name = field(tar, at, 100);
    if (name === '') break;
    const prefix = field(tar, at + 345, 155);
    const size = Number.parseInt(field(tar, at + 124, 12).trim(), 8);
    if (!Number.isSafeInteger(size)) break;
    const content = tar.subarray(at + 512, at + 512 + size);
    files.set(prefix === '' ? name : `${prefix}/${name}`, content);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

function field(tar, start, length) {
  const bytes = tar.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? length : end).toString('utf8');
}

/** Renames into place, so that a second run at the same time never sees half a file. */
function place(name, content) {
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(folder, name));
}

function digest(algorithm, bytes, encoding = 'hex') {
  return createHash(algorithm).update(bytes).digest(encoding);
}

function fail(grammar, why) {
  process.stderr.write(`grammars: cannot bring ${grammar.name} ${grammar.version}: ${why}\n`);
  process.exit(1);
}
