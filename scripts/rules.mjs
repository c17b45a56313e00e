// Compiles rules/secrets/*.yaml into dist/rules.json: checked against their schema, ids unique, patterns bounded and fast.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What was fast once is fast: a set of digests saves most of a build's time. */
const timed = join(root, 'node_modules/.cache/agent-id-rules.json');
const problems = [];
const rules = [];

const { default: Ajv } = await import('ajv');
const validate = new Ajv.default({ allErrors: true }).compile(
  JSON.parse(readFileSync(join(root, 'schemas/rule.schema.json'), 'utf8')),
);

const { toRules } = await load('src/detect/patterns/index.ts');
const { slowText } = await load('src/lib/match-time.ts');
const fast = new Set(readFast());

for (const name of readdirSync(join(root, 'rules/secrets')).sort()) {
  const file = parse(readFileSync(join(root, 'rules/secrets', name), 'utf8'));
  if (!validate(file)) {
    problems.push(...validate.errors.map((error) => `${name}${error.instancePath}: ${error.message}`));
    continue;
  }
  for (const { id, why, rule } of toRules(file, timeOnce)) {
    if (why !== undefined) problems.push(`${name} ${id}: ${why}`);
    else if (rules.some((other) => other.id === rule.id)) problems.push(`${name}: ${rule.id} is there twice`);
    else rules.push(rule);
  }
}

writeFast();
if (problems.length > 0) {
  process.stderr.write(`rules: refused\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
  process.exit(1);
}
// Renamed into place: programs that run meanwhile read the old ones or the new ones.
writeWhole('rules.json', rules);
writeWhole('fast-rules.json', rules.map(toFast));
const { packTables, toEngineTables, toRuleSet } = await load('src/detect/index.ts');
writeWhole('fast-tables.json', packTables(toEngineTables(toRuleSet(rules))));

function writeWhole(name, data) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const draft = join(root, `dist/${name}.${process.pid}`);
  writeFileSync(draft, JSON.stringify(data));
  renameSync(draft, join(root, 'dist', name));
}

/** The hook's quick look needs what tells where something may be; what it is, is found out the usual way. */
function toFast({ pattern, anyCase, names, value, files, broad, anchors }) {
  const { rareWords } = anchors ?? {};
  return { pattern, anyCase, names, value, files, broad, anchors: rareWords && { rareWords } };
}

function timeOnce(source, flags, texts, limit) {
  const digest = createHash('sha256')
    .update(JSON.stringify([source, flags, limit, texts.map((text) => text.slice(0, 80))]))
    .digest('base64url');
  if (fast.has(digest)) return undefined;
  const found = slowText(source, flags, texts, limit);
  if (found === undefined) fast.add(digest);
  return found;
}

function readFast() {
  try {
    return JSON.parse(readFileSync(timed, 'utf8'));
  } catch {
    return [];
  }
}

function writeFast() {
  mkdirSync(join(timed, '..'), { recursive: true });
  writeFileSync(timed, JSON.stringify([...fast]));
}

/** The analysis of patterns is part of the program, which reads a person's own rules with it; here it runs from source. */
async function load(path) {
  const bundle = await rolldown({ input: join(root, path), platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}
