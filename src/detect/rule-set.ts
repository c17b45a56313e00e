import type { Rule } from '../model/rule.ts';
import { toNormalName } from './names.ts';

export interface CompiledRule {
  readonly rule: Rule;
  readonly pattern: RegExp | undefined;
  readonly near: RegExp | undefined;
  readonly value: RegExp | undefined;
  readonly names: RegExp | undefined;
}

/** Rules, ready to be tried. */
export interface RuleSet {
  readonly compiled: readonly CompiledRule[];
  /** Finds the rule of a variable's name: a provider's own, else a broad one, else none. */
  readonly ofName: (name: string) => CompiledRule | undefined;
  readonly byId: (id: string) => Rule | undefined;
}

/** Names that speak about a secret but hold a path, a lifetime, a count or a public part. */
const about =
  /(^|_)(paths?|files?|dirs?|ttl|expir(y|es|ation)|timeout|length|max|min|limits?|count|types?|regex|prefix|header|public|publishable|enabled?|endpoint|issuer|audience|algorithm|version|fields?|budget|usage|urls?|names?|ids?)(_(in|at|seconds|minutes|hours|days|ms|path|file))*$/;

/** Compiles rules. Patterns come from the build, which refuses those without an anchor or a bound. */
export function toRuleSet(rules: readonly Rule[]): RuleSet {
  const compiled = rules
    .map(compile)
    .sort((a, b) => Number(a.rule.broad ?? false) - Number(b.rule.broad ?? false));
  const named = new Map<string, CompiledRule | undefined>();
  return {
    compiled,
    ofName: (written) => {
      const name = toNormalName(written);
      if (!named.has(name)) {
        const found = compiled.find(({ names }) => names?.test(name) === true);
        named.set(name, found?.rule.broad === true && about.test(name) ? undefined : found);
      }
      return named.get(name);
    },
    byId: (id) => rules.find((rule) => rule.id === id),
  };
}

function compile(rule: Rule): CompiledRule {
  return {
    rule,
    pattern:
      rule.pattern === undefined ? undefined : new RegExp(rule.pattern, rule.anyCase === true ? 'dgi' : 'dg'),
    near: rule.near === undefined ? undefined : new RegExp(rule.near.pattern, 'i'),
    value: rule.value?.pattern === undefined ? undefined : new RegExp(`^(?:${rule.value.pattern})$`),
    names: rule.names === undefined ? undefined : new RegExp(`^(?:${rule.names.join('|')})$`),
  };
}
