// Compiles rules/secrets/*.yaml into dist/rules.json: checked against their schema, ids unique, patterns bounded.
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { parse } from 'yaml';
import { withPattern } from './value-pattern.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const problems = [];
const rules = [];

/** A pattern that may repeat its variable parts more often than this in one place is refused. */
const MOST_REPEATS = 20_000;

/** Says why a pattern may take unbounded time: an open quantifier, a repeated repetition, or too long a one. */
function whyUnbounded(source) {
  const bare = source
    .replace(/\\./g, 'x')
    .replace(/\[[^\]]*\]/g, 'c')
    .replace(/\(\?(?:<?[=!]|:|<\w+>)/g, '(');
  if (/[*+]/.test(bare)) return 'an unbounded quantifier: write {0,N}';
  if (/\\[1-9k]/.test(source)) return 'a back reference';
  if (/\{\d+,\}/.test(bare)) return 'an open-ended quantifier: write {N,M}';
  if (/\{\d+,\d+\}\)\{(?!0,1\})\d+,/.test(bare)) return 'a repetition within a repetition';
  const most = Math.max(0, ...[...bare.matchAll(/\{(?:\d+,)?(\d+)\}/g)].map((found) => Number(found[1])));
  return most > MOST_REPEATS ? `a repetition of more than ${MOST_REPEATS}` : undefined;
}

/** Says why a pattern would be tried on every text. */
function whyAnchorless({ pattern, keywords, files }) {
  return pattern !== undefined && files === undefined && keywords.length === 0
    ? 'a pattern without keywords'
    : undefined;
}

const { default: Ajv } = await import('ajv');
const validate = new Ajv.default({ allErrors: true }).compile(
  JSON.parse(readFileSync(join(root, 'schemas/rule.schema.json'), 'utf8')),
);

const { toAnchors } = await loadAnalysis();

for (const name of readdirSync(join(root, 'rules/secrets')).sort()) {
  const file = parse(readFileSync(join(root, 'rules/secrets', name), 'utf8'));
  if (!validate(file))
    problems.push(...validate.errors.map((error) => `${name}${error.instancePath}: ${error.message}`));
  for (const rule of (file?.rules ?? []).map(withPattern)) {
    const why = whyAnchorless(rule) ?? (rule.pattern === undefined ? undefined : whyUnbounded(rule.pattern));
    if (why !== undefined) problems.push(`${name} ${rule.id}: ${why}`);
    if (rules.some((other) => other.id === rule.id)) problems.push(`${name}: ${rule.id} is there twice`);
    const { provider, revoke, docs, migration = 'rotate' } = file;
    if (rule.revoke === undefined && revoke === undefined) problems.push(`${name} ${rule.id}: no revoke`);
    const whole = { migration, ...(docs && { docs }), ...(revoke && { revoke }), ...rule, provider };
    rules.push(
      why === undefined
        ? { ...whole, anchors: whole.files === undefined ? toAnchors(whole) : { words: [] } }
        : whole,
    );
  }
}

if (problems.length > 0) {
  process.stderr.write(`rules: refused\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
  process.exit(1);
}
mkdirSync(join(root, 'dist'), { recursive: true });
// Renamed into place: programs that run meanwhile read the old ones or the new ones.
writeWhole('rules.json', rules);
writeWhole('fast-rules.json', rules.map(toFast));

function writeWhole(name, data) {
  const draft = join(root, `dist/${name}.${process.pid}`);
  writeFileSync(draft, JSON.stringify(data));
  renameSync(draft, join(root, 'dist', name));
}

/** The hook's quick look does without what is said of a finding. */
function toFast(rule) {
  const said = new Set(['title', 'grants', 'revoke', 'docs', 'samples', 'migration', 'severity', 'lifetime']);
  return Object.fromEntries(Object.entries(rule).filter(([name]) => !said.has(name)));
}

/** The analysis of patterns is part of the program, which reads rules of others with it; here it runs from source. */
async function loadAnalysis() {
  const bundle = await rolldown({ input: join(root, 'src/detect/patterns/index.ts'), platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}
