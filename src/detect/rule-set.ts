import { toFinder, toGramTables, type Finder } from './engine/grams.ts';
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
    anchoredIn: toAnchorLookup(compiled.filter(({ rule }) => rule.pattern !== undefined)),
  };
}

function toNameLookup(compiled: readonly CompiledRule[]): RuleSet['ofName'] {
  const known = new Map<string, CompiledRule | undefined>();
  const candidatesFor = toNameIndex(compiled.filter(({ rule }) => rule.names !== undefined));
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

/** Most names hold no provider's word: then only the rules without one, the broad ones, are tried on them. */
function toNameIndex(named: readonly CompiledRule[]): (name: string) => readonly CompiledRule[] {
  const byWord = new Map<string, CompiledRule[]>();
  const plain = named.filter(({ rule }) => (rule.anchors?.rareWords ?? []).length === 0);
  for (const compiled of named) {
    for (const word of compiled.rule.anchors?.rareWords ?? [])
      byWord.set(word, [...(byWord.get(word) ?? []), compiled]);
  }
  const words = [...byWord.keys()];
  const finder = toFinder(toGramTables(words));
  return (name) => {
    const bytes = Buffer.from(name, 'latin1');
    const { count, texts } = finder.find(bytes, 0, bytes.length);
    if (count === 0) return plain;
    const possible = new Set(
      [...texts.subarray(0, count)].flatMap((text) => byWord.get(words[text] ?? '') ?? []),
    );
    return named.filter((compiled) => possible.has(compiled) || plain.includes(compiled));
  };
}

function toAnchorLookup(patterned: readonly CompiledRule[]): RuleSet['anchoredIn'] {
  const words = [...new Set(patterned.flatMap(({ rule }) => rule.keywords))];
  let finder: Finder | undefined;
  return (text) => {
    finder ??= toFinder(toGramTables(words));
    const bytes = Buffer.from(text, 'latin1');
    const { count, texts } = finder.find(bytes, 0, bytes.length);
    if (count === 0) return [];
    const present = new Set<string>();
    for (let n = 0; n < count; n += 1) present.add(words[texts[n] ?? 0] ?? '');
    return patterned.filter(({ rule }) => rule.keywords.some((word) => present.has(word)));
  };
}

/** Patterns are compiled when they are first tried: most scans try few of them. */
function compile(rule: Rule): CompiledRule {
  const { pattern, near, value, names } = rule;
  const whole = (source: string | undefined): (() => RegExp | undefined) =>
    later(source && `^(?:${source})$`);
  const compiled = {
    pattern: later(pattern, rule.anyCase === true ? 'dgim' : 'dgm'),
    near: later(near?.pattern, 'i'),
    value: whole(value?.pattern),
    names: whole(names?.join('|')),
  };
  return {
    rule,
    get pattern() {
      return compiled.pattern();
    },
    get near() {
      return compiled.near();
    },
    get value() {
      return compiled.value();
    },
    get names() {
      return compiled.names();
    },
  };
}

function later(source: string | undefined, flags = ''): () => RegExp | undefined {
  let made: RegExp | undefined;
  return () => (source === undefined ? undefined : (made ??= new RegExp(source, flags)));
}
