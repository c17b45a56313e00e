/** Measures the scanner: measure.ts [--cases=DIR] [--code=DIR]… [--show=N]; figures go to standard output. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isWorthParsing, matchFile, toRuleSet, type Match } from '../../src/detect/index.ts';
import { formatFor, parseFile } from '../../src/formats/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { readCases, type Case } from './cases.ts';
import { isTestOrDocs, readCode } from './code.ts';

const rules = toRuleSet(await readRules());
const show = Number(option('show')[0] ?? 0);
const ownData = join(process.cwd(), 'bench/accuracy/data');
const cases =
  option('cases')[0] ?? process.env['AGENT_ID_CASES'] ?? (existsSync(ownData) ? ownData : undefined);

if (cases !== undefined) await measureCases(readCases(cases));
for (const root of option('code')) await measureCode(root);

function option(name: string): readonly string[] {
  return process.argv
    .filter((word) => word.startsWith(`--${name}=`))
    .map((word) => word.slice(name.length + 3));
}

/** Reported by default: what `scan` prints without options. */
function isReported({ kind, confidence }: Match): boolean {
  return kind === 'literal' && confidence !== 'low';
}

async function matchesIn(text: string, path: string | undefined): Promise<readonly Match[]> {
  const format = path === undefined ? undefined : formatFor(path, text.slice(0, 1024));
  const worth = path !== undefined && format !== undefined && isWorthParsing(text, format.id);
  const facts = worth
    ? await parseFile(text, path).then(
        (read) => read?.facts ?? null,
        () => null,
      )
    : null;
  return matchFile(text, facts, rules, path === undefined ? {} : { path });
}

interface Tally {
  found: number;
  low: number;
  secrets: number;
  flagged: number;
  flaggedLow: number;
  negatives: number;
}

async function measureCases(all: readonly Case[]): Promise<void> {
  const usable = all.filter(
    ({ component, text, path }) => component !== true && text !== '' && path === undefined,
  );
  const byTool = new Map<string, Tally>();
  const byRule = new Map<string, Tally>();
  const flagged = new Map<string, string[]>();
  for (const one of usable) {
    const matches = (await matchesIn(one.text, undefined)).filter(({ kind }) => kind === 'literal');
    const foreign = one.alsoMatches === undefined ? '' : ', has another format';
    for (const [map, key] of [
      [byTool, one.isSecret ? one.tool : `${one.tool}${foreign}`],
      [byRule, `${one.tool} ${one.rule}`],
    ] as const) {
      count(tallyOf(map, key), one, matches);
    }
    if (!one.isSecret && matches.some(isReported)) {
      const rule = matches.find(isReported)?.rule.id ?? '';
      flagged.set(rule, [
        ...(flagged.get(rule) ?? []),
        `${one.rule}: ${one.text.slice(0, 150).replaceAll('\n', '⏎')}`,
      ]);
    }
  }
  for (const [tool, tally] of byTool) print(tool, tally);
  printRules(byRule);
  for (const [rule, texts] of [...flagged].sort(([, a], [, b]) => b.length - a.length).slice(0, show)) {
    process.stdout.write(
      `flagged by ${rule}: ${texts.length}\n${texts
        .slice(0, 12)
        .map((text) => `    ${text}\n`)
        .join('')}`,
    );
  }
}

function tallyOf(map: Map<string, Tally>, key: string): Tally {
  const tally = map.get(key) ?? { found: 0, low: 0, secrets: 0, flagged: 0, flaggedLow: 0, negatives: 0 };
  map.set(key, tally);
  return tally;
}

function count(tally: Tally, { isSecret, secret, text }: Case, matches: readonly Match[]): void {
  const at = secret === undefined ? -1 : text.indexOf(secret);
  const touching =
    at < 0 ? matches : matches.filter(({ span }) => span.start < at + (secret?.length ?? 0) && span.end > at);
  const reported = touching.some(isReported);
  if (isSecret) {
    tally.secrets += 1;
    tally.found += Number(reported);
    tally.low += Number(touching.length > 0);
  } else {
    tally.negatives += 1;
    tally.flagged += Number(matches.some(isReported));
    tally.flaggedLow += Number(matches.length > 0);
  }
}

function print(name: string, { found, low, secrets, flagged, flaggedLow, negatives }: Tally): void {
  process.stdout.write(
    `${name}: recall ${share(found, secrets)} (with low ${share(low, secrets)}) of ${secrets}; flagged ${share(flagged, negatives)} (with low ${share(flaggedLow, negatives)}) of ${negatives}\n`,
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** Recall where each rule counts the same, and the rules that are found worst. */
function printRules(byRule: ReadonlyMap<string, Tally>): void {
  const rated = [...byRule].filter(([, { secrets }]) => secrets > 0);
  for (const tool of ['gitleaks', 'betterleaks']) {
    const own = rated.filter(([key]) => key.startsWith(`${tool} `));
    const mean =
      own.reduce((sum, [, { found, secrets }]) => sum + found / secrets, 0) / Math.max(1, own.length);
    process.stdout.write(`${tool}: mean recall of ${own.length} rules ${(100 * mean).toFixed(1)} %\n`);
  }
  const worst = rated.filter(([, { found, secrets }]) => found < secrets / 2);
  if (show > 0)
    process.stdout.write(
      `found less than half: ${worst.map(([key, { found, secrets }]) => `${key} ${found}/${secrets}`).join(', ')}\n`,
    );
}

/** Findings at default confidence outside tests and documentation: nearly all are noise. */
async function measureCode(root: string): Promise<void> {
  let files = 0;
  const reported: string[] = [];
  let low = 0;
  for (const { path, text } of readCode(root)) {
    if (isTestOrDocs(path)) continue;
    files += 1;
    for (const match of await matchesIn(text, path)) {
      if (match.kind !== 'literal') continue;
      if (!isReported(match)) low += 1;
      else
        reported.push(
          `${match.rule.id} ${path}:${text.slice(0, match.span.start).split('\n').length} ${match.name ?? ''}`,
        );
    }
  }
  const rate = (of: number): string => ((1000 * of) / Math.max(1, files)).toFixed(2);
  process.stdout.write(
    `${basename(root)}: ${files} files, ${rate(reported.length)} findings per 1,000 (and ${rate(low)} low)\n`,
  );
  for (const line of reported.slice(0, show)) process.stdout.write(`    ${line}\n`);
}
