import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeTree, oktaToken, run } from '../commands/scan-kit.ts';
import { problems, readJson, root, sarifSchema } from './kit.ts';

const tree = {
  '.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
  'copy/.env': `# agent-id:ignore okta-api-token a sandbox\nOKTA_API_TOKEN=${oktaToken()}\n`,
  'src/main.ts': 'export const token = process.env.OKTA_API_TOKEN;\n',
  'a b/\u0007name.bin': Buffer.from([0, 1, 2, 0]),
};

describe('output of scan', () => {
  it('is JSON as its schema says', async () => {
    const cwd = makeTree(tree);
    const { out } = await run(['scan', '--format', 'json'], { cwd });
    const data = JSON.parse(out) as { findings: unknown[]; skipped: unknown[] };
    expect([data.findings.length, data.skipped.length]).toEqual([3, 1]);
    expect(problems(readJson(join(root, 'schemas/report.schema.json')), data)).toEqual([]);
  });

  it('is SARIF 2.1.0 as OASIS describes it', async () => {
    const cwd = makeTree(tree);
    const { out } = await run(['scan', '--format', 'sarif'], { cwd });
    const data = JSON.parse(out) as { runs: { results: unknown[] }[] };
    expect(data.runs[0]?.results).toHaveLength(3);
    expect(problems(sarifSchema(), data)).toEqual([]);
    expect(problems(sarifSchema(), { ...data, runs: [{ results: 1 }] })).not.toEqual([]);
  });

  it('escapes what could drive a terminal', async () => {
    const cwd = makeTree({ 'x\u001b[31m.env': `OKTA_API_TOKEN=${oktaToken()}\n` });
    const { out } = await run(['scan'], { cwd });
    expect(out).not.toContain('\u001b');
    expect(out).toContain(String.raw`x\u001b[31m.env:1`);
  });

  it('says one secret in two places once', async () => {
    const token = oktaToken();
    const cwd = makeTree({ 'a.env': `OKTA_TOKEN=${token}\n`, 'b.env': `OKTA_TOKEN=${token}\n` });
    const { out } = await run(['scan'], { cwd });
    expect(out).toContain('2 places');
    expect(out).toContain('1 secret in 2 places');
  });
});

describe('files of scan', () => {
  it('are as their schemas say', async () => {
    const cwd = makeTree(tree);
    await run(['init'], { cwd });
    await run(['scan', '--write-baseline', '--reason', 'a sandbox', '--expires', '2027-01-31'], { cwd });
    const baseline = readJson(join(cwd, '.agent-id-baseline.json'));
    expect(problems(readJson(join(root, 'schemas/baseline.schema.json')), baseline)).toEqual([]);
    expect(baseline).toMatchObject({ accepted: {} });
    const config: unknown = parse(readFileSync(join(cwd, 'agent-id.config.yaml'), 'utf8'));
    expect(problems(readJson(join(root, 'schemas/config.schema.json')), config)).toEqual([]);
  });
});
