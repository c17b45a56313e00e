import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import draft6 from 'ajv/lib/refs/json-schema-draft-06.json' with { type: 'json' };
import type { Finding } from '../../src/model/finding.ts';
import type { Report, ReportView } from '../../src/output/report.ts';
import { loadRender, type ScanFormat } from '../../src/output/scan-formats.ts';

export const root = join(import.meta.dirname, '../..');

export function readJson(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

/** Says what a schema has against some data. */
export function problems(schema: object, data: unknown): unknown {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addMetaSchema(draft6);
  const validate = ajv.compile(schema);
  return validate(data) ? [] : validate.errors;
}

/** Draft 4 differs from 7 here only in its name and in how ids are spelled. */
export function sarifSchema(): object {
  const {
    $schema: _old,
    id: _id,
    ...schema
  } = readJson(join(root, 'test/fixtures/sarif-2.1.0.json')) as { $schema?: string; id?: string };
  return schema;
}

/** A finding of a made-up secret; nothing of it is read from a file. */
export function finding(n: number, more: Partial<Finding> & { readonly path?: string } = {}): Finding {
  const { path = `src/file-${n}.env`, ...rest } = more;
  return {
    id: n.toString(16).padStart(32, '0'),
    rule: 'okta-api-token',
    provider: 'okta',
    title: 'Okta API token',
    kind: 'literal',
    name: 'OKTA_API_TOKEN',
    secret: (n + 7).toString(16).padStart(32, '0'),
    lifetime: 'static',
    severity: 'critical',
    confidence: 'high',
    reasons: ['has the format of Okta API token'],
    location: { path, startLine: n + 1, startColumn: 1, endLine: n + 1, endColumn: 43, source: 'tree' },
    live: null,
    state: 'new',
    ...rest,
  };
}

/** Renders findings in one format, as the command line does. */
export async function render(
  format: ScanFormat,
  findings: readonly Finding[],
  more: Partial<Report> = {},
): Promise<string> {
  const view: ReportView = {
    report: {
      root: '/work/acme',
      findings,
      skipped: [],
      stats: { files: findings.length, bytes: 0, blobs: 0, commits: 0 },
      unkeyed: false,
      started: '2026-11-25T00:00:00Z',
      ended: '2026-11-25T00:00:01Z',
      ...more,
    },
    rules: [],
    color: false,
    prefix: '',
    fails: ({ kind, state }) => kind === 'literal' && state === 'new',
    readOwners: () => Promise.resolve((path) => (path.startsWith('src/') ? '@acme/platform' : null)),
    readPagePart: (name) => Promise.resolve(readFileSync(join(root, 'dist/output/page', name), 'utf8')),
  };
  return [...(await (await loadRender(format))(view))].join('');
}

/** Names that a hostile repository could choose, each dangerous to one format or another. */
export const hostile = [
  'a\nb.env',
  'pipe|x.env',
  '<script>alert(1)</script>.env',
  '\u001b[31mred.env',
  '=cmd|calc!A0.env',
  '@SUM(1).env',
  '`tick` **bold** [link](x) @mention.env',
  `quote"'&amp;.env`,
  ']]> --> </script>.env',
  '\u202Eevil.env',
  '%2e%2e%2fx.env',
] as const;
