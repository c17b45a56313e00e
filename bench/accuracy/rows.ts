/** Makes `rows.bin.gz`, what the model is trained from: rows.ts CASES CODE… (numbers only; no text is kept). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from '../../src/detect/candidates/candidate.ts';
import { textCandidates } from '../../src/detect/candidates/text.ts';
import { isOpen } from '../../src/detect/value.ts';
import { featureNames, measure } from '../../src/detect/model/features.ts';
import languageData from '../../src/detect/model/language.json' with { type: 'json' };
import { toLanguage } from '../../src/detect/model/language.ts';
import { readCases, type Case } from './cases.ts';
import { isTestOrDocs, readCode } from './code.ts';
import { drawName, drawPublicName } from './names.ts';
import { toRandom } from './random.ts';
import { headerSyntaxes, syntaxes, write } from './syntaxes.ts';
import { packTable, toTable, type Origin, type Row } from './table.ts';
import { drawHarmless, drawPassword, drawPublic, drawToken } from './values.ts';

const SEED = 20261125;
const TOKENS = 16_000;
const PASSWORDS = 9000;
const HARMLESS = 22_000;
const PUBLIC = 9000;
const PER_RULE = 24;

const [casesFolder = '', ...codeFolders] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const out =
  process.argv.find((word) => word.startsWith('--out='))?.slice(6) ??
  join(process.cwd(), 'bench/accuracy/rows.bin.gz');

const random = toRandom(SEED);
const language = toLanguage(languageData);
const words = languageData.words.split(' ').filter((word) => word.length > 3);
const lines: string[] = [];
const rows: Row[] = [];

readOrdinaryCode();
useCases(casesFolder === '' ? [] : readCases(casesFolder));
generate();
const table = toTable(featureNames(), rows);
writeFileSync(out, packTable(table));
process.stderr.write(`${rows.length} rows, ${table.labels.reduce((sum, label) => sum + label, 0)} secrets\n`);

type Label = Omit<Row, 'values'>;

function add(text: string, candidate: Candidate, label: Label): void {
  rows.push({ values: measure(text, candidate, language), ...label });
}

function originOf(tool: string): Origin {
  return tool === 'gitleaks' ? 'gitleaks' : 'betterleaks';
}

/** Every candidate in ordinary code outside tests and documentation is taken for no secret. */
function readOrdinaryCode(): void {
  for (const root of codeFolders) {
    for (const { path, text } of readCode(root)) {
      if (isTestOrDocs(path)) continue;
      if (random.chance(0.3))
        lines.push(
          ...text
            .split('\n')
            .filter((line) => line.trim() !== '' && line.length < 160)
            .slice(0, 40),
        );
      for (const candidate of textCandidates(text, path))
        if (isOpen(candidate)) add(text, candidate, { secret: false, weight: 1, from: 'code' });
    }
  }
}

/** Each rule of the cases counts the same, however many cases it has. */
function useCases(all: readonly Case[]): void {
  const byRule = new Map<string, Case[]>();
  for (const one of all) {
    const key = `${one.tool} ${one.rule}`;
    byRule.set(key, [...(byRule.get(key) ?? []), one]);
  }
  for (const of of byRule.values()) {
    const from = originOf(of[0]?.tool ?? '');
    const secrets = of.flatMap((one) =>
      one.isSecret && one.secret !== undefined && one.component !== true ? [one] : [],
    );
    const values = [...new Set(secrets.map(({ secret = '' }) => secret))].filter(
      (value) => value.length >= 8 && !value.includes('\n'),
    );
    for (let n = 0; n < PER_RULE && values.length > 0; n += 1)
      place(random.pick(values), nameFor(of[0]), { secret: true, weight: 0.5, from });
    for (let n = 0; n < 3 && secrets.length > 0; n += 1) {
      const { text, secret = '' } = random.pick(secrets);
      for (const candidate of textCandidates(text, undefined))
        if (candidate.value === secret) add(text, candidate, { secret: true, weight: 1, from });
    }
    for (const { text } of of.filter((one) => !one.isSecret && one.alsoMatches === undefined)) {
      for (const candidate of textCandidates(text, undefined))
        if (isOpen(candidate)) add(text, candidate, { secret: false, weight: 3, from });
    }
  }
}

function nameFor(one: Case | undefined): string {
  const { text } = drawName(random, [one?.rule.split('-')[0]?.replaceAll(/\W/g, '') ?? 'app']);
  return text;
}

function generate(): void {
  const secret: Label = { secret: true, weight: 1, from: 'generator' };
  const harmless: Label = { ...secret, secret: false };
  for (let n = 0; n < TOKENS; n += 1) place(drawToken(random, words), drawSecretName(), secret);
  for (let n = 0; n < PASSWORDS; n += 1) place(drawPassword(random, words), drawPasswordName(), secret);
  for (let n = 0; n < HARMLESS; n += 1)
    place(drawHarmless(random, words), drawName(random, words).text, harmless);
  for (let n = 0; n < PUBLIC; n += 1) place(drawPublic(random), drawPublicName(random, words), harmless);
  for (let n = 0; n < PUBLIC / 3; n += 1)
    place(drawToken(random, words), drawPublicName(random, words), harmless);
}

function drawSecretName(): string {
  for (;;) {
    const name = drawName(random, words);
    if (!name.password || random.chance(0.15)) return name.text;
  }
}

function drawPasswordName(): string {
  for (;;) {
    const name = drawName(random, words);
    if (name.password) return name.text;
  }
}

/** Writes a value under a name in some syntax, between lines of code, and takes what the finder makes of it. */
function place(value: string, name: string, label: Label): void {
  const syntax = random.chance(0.1) ? random.pick(headerSyntaxes) : random.pick(syntaxes);
  const written = write(syntax, name, value);
  const indent = ' '.repeat(random.pick([0, 0, 0, 2, 4, 8]));
  const around = (): string => (random.chance(0.6) ? `${random.pick(lines)}\n`.repeat(1) : '');
  const head = `${around()}${around()}${indent}`;
  const text = `${head}${written.text}\n${around()}${around()}`;
  const at = head.length + written.at;
  const found = textCandidates(text, undefined).find(
    ({ span }) => span.start >= at && span.start < at + value.length,
  );
  if (found !== undefined && isOpen(found))
    add(text, found, { ...label, secret: label.secret && found.value === value });
}
