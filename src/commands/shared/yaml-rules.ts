import { Ajv, type ErrorObject } from 'ajv';
import { LineCounter, parseDocument, type Document } from 'yaml';
import schema from '../../../schemas/rule.schema.json' with { type: 'json' };
import { toRules, type WrittenRules } from '../../detect/patterns/index.ts';
import { slowText } from '../../lib/match-time.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Rule } from '../../model/rule.ts';

const hint = 'schemas/rule.schema.json says what a rule holds; rules/secrets has examples.';

/**
 * Compiles rules in our own YAML as the build compiles the built-in ones. Throws `malformed` with the line for what is
 * no such file, and with the rule for one that would be tried on every text, or might take for ever.
 */
export function parseYamlRules(text: string, path: string): readonly Rule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  const lineOf = (keys: readonly string[]): string =>
    `${path}:${lines.linePos(offsetOf(document, keys)).line}`;
  const [broken] = document.errors;
  if (broken !== undefined)
    throw malformed(
      `the file of rules is not YAML (${broken.code})`,
      `${path}:${broken.linePos?.[0].line ?? 1}`,
    );
  const file = toPlain(document, path);
  const validate = new Ajv({ allErrors: true }).compile<WrittenRules>(schema);
  if (!validate(file)) throw notInSchema(validate.errors ?? [], lineOf);
  return toRules(file, slowText).map((compiled, at) => {
    if ('why' in compiled)
      throw malformed(`rule ${compiled.id}: ${compiled.why}`, lineOf(['rules', String(at)]));
    if (compiled.rule.live !== undefined)
      throw malformed(
        `rule ${compiled.rule.id}: only built-in rules name a host that a secret is sent to`,
        lineOf(['rules', String(at), 'live']),
      );
    return compiled.rule;
  });
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new AgentIdError('malformed', 'the file of rules has too many aliases', { where: path, cause });
  }
}

/** The deepest complaint is the one that helps: those around it follow from it. */
function notInSchema(
  errors: readonly ErrorObject[],
  lineOf: (keys: readonly string[]) => string,
): AgentIdError {
  const [worst] = errors.toSorted((a, b) => keysOf(b).length - keysOf(a).length);
  const keys = worst === undefined ? [] : keysOf(worst);
  const what = `${keys.join('.') || 'the file'} ${worst?.message ?? 'is no rule'}`;
  return malformed(`the file of rules does not hold to the schema: ${what}`, lineOf(keys));
}

function keysOf({ instancePath, params }: ErrorObject): readonly string[] {
  const extra: unknown = params['additionalProperty'];
  return [...instancePath.split('/').slice(1), ...(typeof extra === 'string' ? [extra] : [])];
}

/** Where a field stands; where one is missing, what should hold it. */
function offsetOf(document: Document, keys: readonly string[]): number {
  for (let count = keys.length; count > 0; count -= 1) {
    const node: unknown = document.getIn(keys.slice(0, count).map(toKey), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return Number(node.range[0]);
  }
  return 0;
}

function toKey(key: string): string | number {
  return /^\d+$/.test(key) ? Number(key) : key;
}

function malformed(what: string, where: string): AgentIdError {
  return new AgentIdError('malformed', what, { where, hint });
}
