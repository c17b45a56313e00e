// Compiles rules/secrets/*.yaml into dist/rules.json: checked against their schema, ids unique, patterns bounded.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const problems = [];
const rules = [];

/** Says why a pattern may take unbounded time: an open quantifier over a group, or one open-ended run after another. */
function whyUnbounded(source) {
  const bare = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'c');
  if (/[*+]/.test(bare.replace(/\(\?[:<=!][^)]*\)/g, ''))) return 'an unbounded quantifier: write {0,N}';
  return undefined;
}

const { default: Ajv } = await import('ajv');
const validate = new Ajv.default({ allErrors: true }).compile(
  JSON.parse(readFileSync(join(root, 'schemas/rule.schema.json'), 'utf8')),
);

for (const name of readdirSync(join(root, 'rules/secrets')).sort()) {
  const file = parse(readFileSync(join(root, 'rules/secrets', name), 'utf8'));
  if (!validate(file))
    problems.push(...validate.errors.map((error) => `${name}${error.instancePath}: ${error.message}`));
  for (const rule of file?.rules ?? []) {
    const why = rule.pattern === undefined ? undefined : whyUnbounded(rule.pattern);
    if (why !== undefined) problems.push(`${name} ${rule.id}: ${why}`);
    if (rules.some((other) => other.id === rule.id)) problems.push(`${name}: ${rule.id} is there twice`);
    rules.push({ ...rule, provider: file.provider });
  }
}

if (problems.length > 0) {
  process.stderr.write(`rules: refused\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
  process.exit(1);
}
mkdirSync(join(root, 'dist'), { recursive: true });
writeFileSync(join(root, 'dist/rules.json'), JSON.stringify(rules));
