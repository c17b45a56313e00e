import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFile } from '../../src/formats/index.ts';
import type { Document } from '../../src/formats/types.ts';
import { AgentIdError } from '../../src/model/error.ts';
import type { Edit } from '../../src/model/place.ts';

export const folder = join(import.meta.dirname, '../fixtures/formats');

/** One fixture of each format and kind, with the path under which it is parsed. */
export const fixtures: readonly { readonly file: string; readonly path: string }[] = [
  { file: 'payroll.env', path: 'services/payroll/.env' },
  { file: 'nightly.crontab', path: 'ops/crontab' },
  { file: 'Dockerfile', path: 'services/web/Dockerfile' },
  { file: 'workflow.yml', path: '.github/workflows/nightly.yml' },
  { file: 'compose.yaml', path: 'compose.yaml' },
  { file: 'deployment.yaml', path: 'deploy/directory.yaml' },
  { file: 'clients.jsonc', path: '.vscode/mcp.jsonc' },
  { file: 'package.json', path: 'package.json' },
  { file: 'service.ts', path: 'src/service.ts' },
  { file: 'service.py', path: 'src/service.py' },
  { file: 'service.go', path: 'src/service.go' },
  { file: 'report.sh', path: 'scripts/report.sh' },
];

/** One fixture of each format that only reads. */
export const readers: typeof fixtures = [
  { file: 'settings.xml', path: 'conf/settings.xml' },
  { file: 'directory.ini', path: 'conf/directory.ini' },
  { file: 'home.netrc', path: 'home/.netrc' },
  { file: 'codex.toml', path: '.codex/config.toml' },
  { file: 'main.tf', path: 'infra/main.tf' },
  { file: 'people.csv', path: 'data/people.csv' },
  { file: 'report.ipynb', path: 'report.ipynb' },
  { file: 'Client.java', path: 'src/Client.java' },
];

/** The same text as editors of other systems save it. */
export const variants: readonly { readonly name: string; readonly of: (text: string) => string }[] = [
  { name: 'LF', of: (text) => text },
  { name: 'CRLF', of: (text) => text.replaceAll('\n', '\r\n') },
  { name: 'BOM', of: (text) => `\uFEFF${text}` },
  { name: 'no last line break', of: (text) => text.replace(/\n$/, '') },
];

export function fixture(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

export async function parsed(text: string, path: string): Promise<Document> {
  const document = await parseFile(text, path);
  if (document === undefined) throw new Error(`${path} has no format`);
  return document;
}

/** Runs something that may be refused, and says so. */
export function attempt<T>(make: () => T): T | 'unsupported' {
  try {
    return make();
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'unsupported') return 'unsupported';
    throw error;
  }
}

export function asEdits(edits: Edit | readonly Edit[]): readonly Edit[] {
  return 'span' in edits ? [edits] : edits;
}
