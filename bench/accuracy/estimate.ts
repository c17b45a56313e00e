/**
 * Says what to expect of cases that nobody has seen: estimate.ts CASES. Each figure leaves out of training, or out of the
 * rules, what it is measured on.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textCandidates } from '../../src/detect/candidates/text.ts';
import { matchFile, toRuleSet } from '../../src/detect/index.ts';
import { measure } from '../../src/detect/model/features.ts';
import languageData from '../../src/detect/model/language.json' with { type: 'json' };
import { toLanguage } from '../../src/detect/model/language.ts';
import { score } from '../../src/detect/model/trees.ts';
import { isOpen } from '../../src/detect/value.ts';
import { readRules } from '../../src/lib/rules.ts';
import { boost } from './boost.ts';
import { readCases, type Case } from './cases.ts';
import { fitLogistic, scoreLogistic } from './logistic.ts';
import { boostOptions } from './options.ts';
import { keepRows, origins, unpackTable, type Table } from './table.ts';

const FLAGGED = [0.02, 0.04, 0.08, 0.12];
const FOLDS = 5;

const cases = readCases(process.argv[2] ?? '').filter(
  ({ component, text, path, isSecret, alsoMatches }) =>
    component !== true && text !== '' && path === undefined && (isSecret || alsoMatches === undefined),
);
const table = unpackTable(readFileSync(join(process.cwd(), 'bench/accuracy/rows.bin.gz')));
const language = toLanguage(languageData);

print(
  'The model alone, trained without the source it is measured on: recall where so many negatives are flagged',
);
for (const source of ['betterleaks', 'gitleaks'] as const) estimateModel(source);
print('\nAll rules but those of the providers it is measured on');
await estimateUnknownProviders();

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Score = (row: readonly number[]) => number;

function estimateModel(source: 'betterleaks' | 'gitleaks'): void {
  const others = keepRows(table, (row) => origins[table.from[row] ?? 0] !== source);
  const own = cases.filter(({ tool }) => tool === source);
  const seen = new Set(cases.filter(({ tool }) => tool !== source).map(({ text }) => text));
  const fresh = own.filter(({ text, rule }) => !seen.has(text) && !rule.startsWith('generic'));
  for (const [name, toScore] of [
    ['trees', treesOf(others)],
    ['logistic regression', logisticOf(others)],
  ] as const) {
    print(`${source}, ${name}: ${recallsAt(fresh, toScore).join('; ')}`);
  }
}

function treesOf(rows: Table): Score {
  const model = { ...boost(rows, boostOptions), features: rows.features };
  return (row) => score({ ...model, thresholds: { report: 0, low: 0, slot: 0 }, trainedFrom: '' }, row);
}

function logisticOf(rows: Table): Score {
  const model = fitLogistic(rows);
  return (row) => scoreLogistic(model, row);
}

/** Recall with each rule counted the same, at thresholds that flag a share of the negatives. */
function recallsAt(of: readonly Case[], toScore: Score): readonly string[] {
  const worst = of
    .filter(({ isSecret }) => !isSecret)
    .map((one) => scoreOf(one, toScore))
    .sort((a, b) => b - a);
  const byRule = groupBy(
    of.filter(({ isSecret }) => isSecret),
    ({ rule }) => rule,
  );
  const scored = [...byRule.values()].map((group) => group.map((one) => scoreOf(one, toScore)));
  return FLAGGED.map((share) => {
    const threshold = worst[Math.floor(share * worst.length)] ?? Infinity;
    const recalls = scored.map((scores) => scores.filter((one) => one > threshold).length / scores.length);
    return `${percent(recalls)} at ${String(100 * share)} %`;
  });
}

function percent(shares: readonly number[]): string {
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  return `${(100 * mean).toFixed(1)} %`;
}

function scoreOf({ text, secret }: Case, toScore: Score): number {
  const at = secret === undefined ? -1 : text.indexOf(secret);
  const scores = textCandidates(text, undefined)
    .filter(isOpen)
    .filter(({ span }) => at < 0 || (span.start < at + (secret?.length ?? 0) && span.end > at))
    .map((candidate) => toScore(measure(text, candidate, language)));
  return Math.max(-Infinity, ...scores);
}

/** Providers of a rule of theirs are those whose rules of ours find its secrets. */
async function estimateUnknownProviders(): Promise<void> {
  const all = await readRules();
  const full = toRuleSet(all);
  const byRule = groupBy(cases, ({ tool, rule }) => `${tool} ${rule}`);
  const providers = [...byRule].map(([, group]) => providersOf(group, full));
  for (const source of ['betterleaks', 'gitleaks']) {
    const recalls: number[] = [];
    const flags: number[] = [];
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const held = [...byRule].map(([key, group], at) => ({
        key,
        group,
        of: providers[at] ?? new Set<string>(),
      }));
      const inFold = held.filter(({ of }, at) => hashOf([...of].sort()[0] ?? String(at)) % FOLDS === fold);
      const without = new Set(inFold.flatMap(({ of }) => [...of]));
      const rules = toRuleSet(all.filter(({ provider, broad }) => broad === true || !without.has(provider)));
      for (const { key, group } of inFold) {
        if (!key.startsWith(`${source} `)) continue;
        const found = group.map((one) => ({ ...one, found: isReported(one, rules) }));
        const secrets = found.filter(({ isSecret }) => isSecret);
        if (secrets.length > 0) recalls.push(secrets.filter((one) => one.found).length / secrets.length);
        flags.push(...found.filter(({ isSecret }) => !isSecret).map((one) => Number(one.found)));
      }
    }
    print(
      `${source}: mean recall of ${recalls.length} rules ${percent(recalls)}; flagged ${percent(flags)} of ${flags.length}`,
    );
  }
}

function hashOf(text: string): number {
  return Array.from(text).reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, 7);
}

function providersOf(group: readonly Case[], rules: ReturnType<typeof toRuleSet>): ReadonlySet<string> {
  const secrets = group.filter(({ isSecret }) => isSecret).slice(0, 3);
  return new Set(
    secrets.flatMap(({ text }) =>
      matchFile(text, null, rules)
        .filter(({ kind, rule }) => kind === 'literal' && rule.broad !== true)
        .map(({ rule }) => rule.provider),
    ),
  );
}

function isReported({ text, secret }: Case, rules: ReturnType<typeof toRuleSet>): boolean {
  const at = secret === undefined ? -1 : text.indexOf(secret);
  return matchFile(text, null, rules).some(
    ({ kind, confidence, span }) =>
      kind === 'literal' &&
      confidence !== 'low' &&
      (at < 0 || (span.start < at + (secret?.length ?? 0) && span.end > at)),
  );
}

function groupBy<T>(list: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}
