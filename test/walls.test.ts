import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from '@babel/parser';
import { describe, expect, it } from 'vitest';
import { neverOnScanPath, walls, type Wall } from './walls.ts';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');
const ioModules = /^node:(fs|child_process|https?|http2|net|tls|dgram|cluster|worker_threads)(\/|$)/;

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

describe('walls', () => {
  const files = sourceFiles();
  const imports = files.flatMap((file) => importsOf(file, readFileSync(file, 'utf8')));

  it('holds for every import, static and dynamic', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.flatMap((found) => refusal(found) ?? [])).toEqual([]);
  });

  it('refuses a known forbidden import of each kind', () => {
    const file = join(src, 'detect/made-up.ts');
    const text = [
      "import { a } from '../idp/types.ts';",
      "export { b } from '../model/../lib/files.ts';",
      "import { readFile } from 'node:fs/promises';",
      "const c = await import('../commands/scan.ts');",
      "import { Secret } from '../model/secret.ts';",
    ].join('\n');
    const refused = importsOf(file, text).map((found) => refusal(found) !== undefined);
    expect(refused).toEqual([true, true, true, true, false]);
  });

  it('keeps commands apart from each other', () => {
    const found = {
      from: join(src, 'commands/scan.ts'),
      specifier: './map.ts',
      typeOnly: false,
      dynamic: false,
    };
    expect(refusal(found)).toMatch(/commands/);
  });

  it('keeps the servers and the writers off the scan path', () => {
    const reached = reach(join(src, 'commands/scan.ts'), imports);
    expect(reached.size).toBeGreaterThan(10);
    const heavy = [...reached].filter((file) =>
      neverOnScanPath.some((part) => file.startsWith(join(root, part))),
    );
    expect(heavy).toEqual([]);
  });
});

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((name) => join(src, name))
    .filter(
      (path) => !path.includes(join('demo', 'estate')) && path.endsWith('.ts') && statSync(path).isFile(),
    );
}

function importsOf(from: string, text: string): Import[] {
  const { program } = parse(text, { sourceType: 'module', plugins: ['typescript', 'importAttributes'] });
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, dynamic: boolean): void => {
    found.push({ from, specifier, typeOnly, dynamic });
  };
  walk(program, (node) => {
    const source = node['source'] as { value?: unknown } | null | undefined;
    if (
      /^(Import|ExportNamed|ExportAll)Declaration$/.test(String(node['type'])) &&
      typeof source?.value === 'string'
    ) {
      add(source.value, node['importKind'] === 'type' || node['exportKind'] === 'type', false);
    }
    const callee = node['callee'] as { type?: string } | undefined;
    const first = (node['arguments'] as { value?: unknown }[] | undefined)?.[0];
    if (callee?.type === 'Import' && typeof first?.value === 'string') add(first.value, false, true);
  });
  return found;
}

function walk(node: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (typeof node === 'object' && node !== null && 'type' in node) {
    visit(node as Record<string, unknown>);
    for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit);
  }
}

function refusal({ from, specifier }: Import): string | undefined {
  const wall = wallOf(from);
  const where = `${relative(root, from)} -> ${specifier}`;
  if (wall === undefined) return `${where}: the folder has no wall`;
  if (!specifier.startsWith('.'))
    return ioModules.test(specifier) && !wall.rule.io ? `${where}: only lib does I/O` : undefined;
  const target = resolve(dirname(from), specifier);
  const path = relative(src, target);
  if (path.startsWith('..'))
    return /^..[\\/](package.json$|rules|schemas)/.test(path) ? undefined : `${where}: outside src`;
  const targetFolder = path.split(/[\\/]/)[0] ?? '';
  const ownFolder = relative(src, from).split(/[\\/]/)[0] ?? '';
  if (targetFolder === ownFolder)
    return betweenCommands(from, target, where) ?? intoEmbedded(from, path, where);
  return wall.rule.folders.includes(targetFolder)
    ? undefined
    : `${where}: ${wall.key} may not import ${targetFolder}`;
}

function betweenCommands(from: string, target: string, where: string): string | undefined {
  const verb = /commands[\\/](?!shared)[^\\/]+\.ts$/;
  const table = join(src, 'commands/index.ts');
  return verb.test(from) && verb.test(target) && from !== table
    ? `${where}: commands never import each other`
    : undefined;
}

function intoEmbedded(from: string, path: string, where: string): string | undefined {
  const folder = join('idp', 'embedded', '/');
  const inside = relative(src, from).startsWith(folder);
  return path.startsWith(folder) && !inside ? `${where}: the embedded server stands alone` : undefined;
}

function wallOf(file: string): { readonly key: string; readonly rule: Wall } | undefined {
  const path = relative(src, file).replaceAll('\\', '/');
  const key = Object.keys(walls)
    .filter((candidate) => path === candidate || path.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length)[0];
  const rule = key === undefined ? undefined : walls[key];
  return key === undefined || rule === undefined ? undefined : { key, rule };
}

function reach(start: string, imports: readonly Import[]): Set<string> {
  const seen = new Set<string>();
  const queue = [start];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const found of imports) {
      if (found.from === file && !found.typeOnly && found.specifier.startsWith('.'))
        queue.push(resolve(dirname(file), found.specifier));
    }
  }
  return seen;
}
