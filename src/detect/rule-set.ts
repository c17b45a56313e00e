import type { Rule } from '../model/rule.ts';
import { toFinder, toGramTables } from './engine/grams.ts';
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
  /** Gives the rules of which an anchor occurs in a text; none at little cost where none does. */
  readonly anchoredIn: (text: string) => readonly CompiledRule[];
}

/** Names that speak about a secret but hold a path, a lifetime, a count or a public part. */
const about =
  /(^|_)(paths?|files?|dirs?|ttl|expir(y|es|ation)|timeout|length|max|min|limits?|count|types?|regex|prefix|header|public|publishable|enabled?|endpoint|issuer|audience|algorithm|version|fields?|budget|usage|urls?|names?|ids?)(_(in|at|seconds|minutes|hours|days|ms|path|file))*$/;

/** Names remembered at most: a hostile file may hold any number of them. */
const MOST_NAMES = 10_000;

/** Compiles rules. Patterns come from the build, which refuses those without an anchor or a bound. */
export function toRuleSet(rules: readonly Rule[]): RuleSet {
  const compiled = rules
    .map(compile)
    .sort((a, b) => Number(a.rule.broad ?? false) - Number(b.rule.broad ?? false));
  return {
    compiled,
    ofName: toNameLookup(compiled),
    byId: (id) => rules.find((rule) => rule.id === id),
    anchoredIn: toAnchorLookup(compiled.filter(({ pattern }) => pattern !== undefined)),
  };
}

function toNameLookup(compiled: readonly CompiledRule[]): RuleSet['ofName'] {
  const known = new Map<string, CompiledRule | undefined>();
  const candidatesFor = toNameIndex(compiled.filter(({ names }) => names !== undefined));
  return (written) => {
    if (known.has(written)) return known.get(written);
    const name = toNormalName(written);
    const named = candidatesFor(name).find(({ names }) => names?.test(name) === true);
    const found = named?.rule.broad === true && about.test(name) ? undefined : named;
    if (known.size >= MOST_NAMES) known.clear();
    known.set(written, found);
    return found;
  };
}

/** Most names hold no provider's word: only the rules without one, the broad ones, are tried on them. */
function toNameIndex(named: readonly CompiledRule[]): (name: string) => readonly CompiledRule[] {
  const words = named.flatMap(({ rule }) => rule.anchors?.rareWords ?? []);
  if (words.length === 0) return () => named;
  const plain = named.filter(({ rule }) => (rule.anchors?.rareWords ?? []).length === 0);
  const any = new RegExp([...new Set(words)].map(escape).join('|'));
  return (name) => (any.test(name) ? named : plain);
}

function toAnchorLookup(patterned: readonly CompiledRule[]): RuleSet['anchoredIn'] {
  const words = [...new Set(patterned.flatMap(({ rule }) => rule.keywords))];
  const finder = toFinder(toGramTables(words));
  return (text) => {
    const bytes = Buffer.from(text, 'latin1');
    const { count, texts } = finder.find(bytes, 0, bytes.length);
    if (count === 0) return [];
    const present = new Set<string>();
    for (let n = 0; n < count; n += 1) present.add(words[texts[n] ?? 0] ?? '');
    return patterned.filter(({ rule }) => rule.keywords.some((word) => present.has(word)));
  };
}

function escape(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function compile(rule: Rule): CompiledRule {
  return {
    rule,
    pattern:
      rule.pattern === undefined
        ? undefined
        : new RegExp(rule.pattern, rule.anyCase === true ? 'dgim' : 'dgm'),
    near: rule.near === undefined ? undefined : new RegExp(rule.near.pattern, 'i'),
    value: rule.value?.pattern === undefined ? undefined : new RegExp(`^(?:${rule.value.pattern})$`),
    names: rule.names === undefined ? undefined : new RegExp(`^(?:${rule.names.join('|')})$`),
  };
}
