import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanFormats } from '../../src/output/scan-formats.ts';
import { makeTree, oktaToken, run } from '../commands/scan-kit.ts';
import { finding, hostile, problems, readJson, render, root, sarifSchema } from './kit.ts';

const evil = hostile.flatMap((path, n) => [
  finding(n, { path, name: path, reasons: [path], state: 'new' }),
  finding(100 + n, { path, name: path, kind: 'use', reasons: [path], severity: 'info' }),
  finding(200 + n, { path, name: path, state: 'baseline', reason: path, expires: '2027-01-01' }),
  finding(300 + n, { path, name: null, kind: 'policy', rule: 'policy-change', reasons: [path] }),
]);
const skipped = hostile.map((path) => ({ path, reason: 'binary' }));

describe('every format', () => {
  it.each(scanFormats)('%s renders nothing, one, and what a hostile repository names', async (format) => {
    for (const findings of [[], [finding(1)], evil]) {
      const text = await render(format, findings, { skipped: findings.length > 1 ? skipped : [] });
      expect(text.endsWith('\n')).toBe(true);
      expect(text).not.toContain('\u001b');
    }
  });

  it.each(scanFormats)('%s takes 20,000 findings in one file', async (format) => {
    const before = performance.now();
    const many = Array.from({ length: 20_000 }, (_, n) => finding(n, { path: 'one.env' }));
    expect((await render(format, many)).length).toBeGreaterThan(10_000);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('is what --format and --output name, several in one run, and no other', async () => {
    const cwd = makeTree({ '.env': `OKTA_TOKEN=${oktaToken()}\n` });
    const outputs = scanFormats.flatMap((format) => ['--output', `${format}=out.${format}`]);
    const ran = await run(['scan', ...outputs, '.env'], { cwd });
    expect(ran.code).toBe(1);
    const texts = scanFormats.map((format) => readFileSync(join(cwd, `out.${format}`), 'utf8'));
    expect(new Set(texts).size).toBe(scanFormats.length);
    for (const text of texts) expect(text).toMatch(/okta/i);
    const wrong = await run(['scan', '--output', 'sarfi=x'], { cwd });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('Did you mean sarif?')]);
    expect((await run(['scan', '--format', 'pdf'], { cwd })).code).toBe(2);
  });
});

describe('jsonl', () => {
  it('is one object a line, closed by a summary', async () => {
    const lines = (await render('jsonl', evil, { skipped })).trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { type: string; location?: { path: string } });
    expect(records).toHaveLength(evil.length + skipped.length + 1);
    expect(records[0]?.location?.path).toBe(hostile[0]);
    expect(records.at(-1)).toMatchObject({ type: 'summary', schemaVersion: 1, tool: { name: 'agent-id' } });
  });
});

describe('csv', () => {
  it('holds a row for each finding, and no cell that a spreadsheet would run', async () => {
    const rows = parseCsv(await render('csv', evil));
    expect(rows).toHaveLength(evil.length + 1);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@|%]/);
    expect(rows[1 + 4 * 4]?.[11]).toBe("'=cmd|calc!A0.env");
  });
});

describe('junit', () => {
  it('has failures, skipped and passes, and nothing that is not escaped', async () => {
    const xml = await render('junit', evil, { skipped });
    const [, tests, failures, ignored] =
      /<testsuites name="agent-id" tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)">/.exec(xml) ??
      [];
    expect([tests, failures, ignored].map(Number)).toEqual([
      evil.length + skipped.length,
      hostile.length,
      2 * hostile.length,
    ]);
    expect(xml.match(/<testcase /g)).toHaveLength(evil.length + skipped.length);
    expect(xml.match(/<failure /g)).toHaveLength(hostile.length);
    const entity = '&(?:amp|lt|gt|quot|#39);';
    const tag = `</?(?:testsuites?|testcase|failure|skipped|system-out)(?: \\w+="(?:[^"<&]|${entity})*")*/?>`;
    const text = xml.replace(/^<\?xml[^>]*\?>/, '').replaceAll(new RegExp(`${tag}|${entity}`, 'g'), '');
    expect(text).not.toMatch(/[<>&]/);
  });
});

describe('markdown', () => {
  it('keeps its table whole and lets no markup through', async () => {
    const text = await render('markdown', evil, { skipped });
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThanOrEqual(2 * hostile.length);
    for (const row of rows) expect([3, 5]).toContain(row.match(/\|/g)?.length);
    const tags = text.match(/<[^>]*>/g) ?? [];
    expect(new Set(tags)).toEqual(
      new Set(['<br>', '<code>', '</code>', '<details>', '</details>', '<summary>', '</summary>']),
    );
    expect(text).not.toMatch(/@mention|\*\*bold|\]\(x\)/);
    expect(text).toContain('counts only once it is merged');
  });

  it('stays below the limit of a job summary', async () => {
    const many = Array.from({ length: 50_000 }, (_, n) =>
      finding(n, { path: `${'deep/'.repeat(20)}${n}.env` }),
    );
    const text = await render('markdown', many);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(text).toMatch(/and 49\d\d\d more/);
  });
});

describe('sarif', () => {
  it('is as OASIS describes it, whatever a repository names', async () => {
    const data: unknown = JSON.parse(await render('sarif', evil, { skipped }));
    expect(problems(sarifSchema(), data)).toEqual([]);
  });

  it('holds no more results than GitHub takes, the gravest, and says how many are left out', async () => {
    const many = Array.from({ length: 26_000 }, (_, n) =>
      finding(
        n,
        n < 2_000 ? { severity: 'low' } : n === 25_999 ? { severity: 'critical' } : { severity: 'high' },
      ),
    );
    const { runs } = JSON.parse(await render('sarif', many)) as Sarif;
    const { results = [], invocations = [] } = runs[0] ?? {};
    const count = (level: string): number => results.filter((result) => result.level === level).length;
    expect([
      results.length,
      results[0]?.partialFingerprints['agentId/v1'],
      count('error'),
      count('note'),
    ]).toEqual([25_000, many[25_999]?.id, 24_000, 1_000]);
    expect(invocations[0]?.toolExecutionNotifications[0]?.message.text).toMatch(/^1000 results are left out/);
  });

  it('leads from a value to its uses, proposes a fix, and gives each result its fingerprint', async () => {
    const token = oktaToken();
    const cwd = makeTree({
      '.mcp.json': JSON.stringify(
        { mcpServers: { okta: { command: 'x', env: { OKTA_API_TOKEN: token } } } },
        null,
        2,
      ),
      'src/main.ts': 'export const token = process.env.OKTA_API_TOKEN;\n',
    });
    const { out } = await run(['scan', '--format', 'sarif'], { cwd });
    const { runs } = JSON.parse(out) as Sarif;
    const results = runs[0]?.results ?? [];
    const literal = results.find((result) => result.codeFlows !== undefined);
    const steps = literal?.codeFlows?.[0]?.threadFlows[0]?.locations.map(
      ({ location }) => location.physicalLocation.artifactLocation.uri,
    );
    expect(steps).toEqual(['.mcp.json', 'src/main.ts']);
    const [replacement] = literal?.fixes?.[0]?.artifactChanges[0]?.replacements ?? [];
    expect(replacement?.insertedContent.text).toBe('${OKTA_API_TOKEN}');
    const { startLine = 1, startColumn = 1, endColumn = 1 } = replacement?.deletedRegion ?? {};
    const line = readFileSync(join(cwd, '.mcp.json'), 'utf8').split('\n')[startLine - 1] ?? '';
    expect(line.slice(startColumn - 1, endColumn - 1) === token).toBe(true);
    expect(new Set(results.map((result) => result.partialFingerprints['primaryLocationLineHash'])).size).toBe(
      2,
    );
    expect(runs[0]?.tool.driver.rules.map(({ id }) => id)).toEqual(['okta-api-token']);
    expect(problems(sarifSchema(), JSON.parse(out))).toEqual([]);
  });
});

describe('gitlab', () => {
  it('is a secret-detection report 15.2.1 of what is open', async () => {
    const schema = readJson(join(root, 'test/fixtures/gitlab-secret-detection-15.2.1.json'));
    const data = JSON.parse(await render('gitlab', evil, { skipped })) as {
      vulnerabilities: { id: string }[];
    };
    expect(problems(schema, data)).toEqual([]);
    expect(data.vulnerabilities).toHaveLength(3 * hostile.length);
    expect(data.vulnerabilities[0]?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(problems(schema, { ...data, version: '14.0.0' })).not.toEqual([]);
  });

  it('says which commit first held it', async () => {
    const location = {
      path: 'x.env',
      startLine: 1,
      startColumn: 1,
      endLine: 1,
      endColumn: 2,
      commit: 'c'.repeat(40),
    };
    expect(await render('gitlab', [finding(1, { location })])).toContain(`"sha": "${'c'.repeat(40)}"`);
  });
});

describe('text', () => {
  it('names places as seen from the folder that the reader is in', async () => {
    const cwd = makeTree({ 'sub/.env': `OKTA_TOKEN=${oktaToken()}\n` });
    expect((await run(['scan', 'sub'], { cwd })).out).toContain('  sub/.env:1:12');
    expect((await run(['scan'], { cwd: join(cwd, 'sub') })).out).toContain('  .env:1:12');
  });
});

interface Place {
  readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
}

interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endColumn: number;
}

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly {
      readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[];
    }[];
    readonly results: readonly {
      readonly level: string;
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly codeFlows?: readonly {
        readonly threadFlows: readonly { readonly locations: readonly { readonly location: Place }[] }[];
      }[];
      readonly fixes?: readonly {
        readonly artifactChanges: readonly {
          readonly replacements: readonly {
            readonly deletedRegion: Region;
            readonly insertedContent: { readonly text: string };
          }[];
        }[];
      }[];
    }[];
  }[];
}

/** Reads CSV as RFC 4180 says. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}
