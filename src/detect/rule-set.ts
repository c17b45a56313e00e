import { toFinder, toGramTables, type Finder } from './engine/grams.ts';
import type { ForeignRule } from './foreign/types.ts';
import type { Rule } from '../model/rule.ts';
import { toNormalName } from './names.ts';

export interface CompiledRule {
  readonly rule: Rule;
  readonly pattern: RegExp | undefined;
  readonly near: RegExp | undefined;
  readonly value: RegExp | undefined;
  readonly names: RegExp | undefined;
  readonly files: RegExp | undefined;
  /** Its format has no text of its own: hex of some length may be anything. */
  readonly isWeak: boolean;
}

/** Rules, ready to be tried. */
export interface RuleSet {
  /** All of them, as data. */
  readonly all: readonly Rule[];
  readonly compiled: readonly CompiledRule[];
  /** Finds the rule of a variable's name: a provider's own, else a broad one, else none. */
  readonly ofName: (name: string) => CompiledRule | undefined;
  /** Gives the rules for files of this kind alone: they need no anchor. */
  readonly ofPath: (path: string) => readonly CompiledRule[];
  readonly ofProvider: (provider: string) => readonly CompiledRule[];
  readonly byId: (id: string) => Rule | undefined;
  /** Says whether a text begins as tokens of some issuer do. */
  readonly beginsAsToken: (text: string) => boolean;
  /** Rules of other scanners, from the person's own files. */
  readonly foreign: readonly ForeignRule[];
  /** Gives the rules of which an anchor occurs in a text; none at little cost where none does. */
  readonly anchoredIn: (text: string) => readonly CompiledRule[];
}

/** Names that speak about a secret but hold a path, a lifetime, a count or a public part. */
const about =
  /(^|_)(paths?|files?|dirs?|ttl|expir(y|es|ation)|timeout|length|max|min|limits?|count|types?|regex|prefix|header|public|publishable|enabled?|endpoint|issuer|audience|algorithm|version|fields?|budget|usage|urls?|names?|ids?|site_?keys?|idempotency_keys?|addresses|address|roles?|links?)(_(in|at|seconds|minutes|hours|days|ms|path|file))*$/;

/** Says whether a name speaks about a secret without holding it: `TOKEN_TTL`, `SECRET_FILE`. */
export function isAbout(name: string): boolean {
  return about.test(toNormalName(name));
}

/** Names remembered at most: a hostile file may hold any number of them. */
const MOST_NAMES = 10_000;

/** Compiles rules. Patterns come from the build, which refuses those without an anchor or a bound. */
export function toRuleSet(rules: readonly Rule[], foreign: readonly ForeignRule[] = []): RuleSet {
  const all = rules.map((rule) => new LazyRule(rule));
  const compiled = all
    .filter(({ rule }) => rule.files === undefined)
    .sort((a, b) => Number(a.rule.broad ?? false) - Number(b.rule.broad ?? false));
  const filed = all.filter(({ rule }) => rule.files !== undefined);
  let byProvider: ReturnType<typeof toProviders> | undefined;
  let ofPath: RuleSet['ofPath'] | undefined;
  let ofName: RuleSet['ofName'] | undefined;
  let prefixes: RegExp | undefined;
  return {
    all: rules,
    compiled,
    foreign,
    ofPath: (path) => (ofPath ??= toPathLookup(filed))(path),
    ofName: (name) => (ofName ??= toNameLookup(compiled))(name),
    beginsAsToken: (text) => (prefixes ??= toPrefixPattern(all)).test(text),
    ofProvider: (provider) => (byProvider ??= toProviders(all)).get(provider) ?? [],
    byId: (id) => rules.find((rule) => rule.id === id),
    anchoredIn: toAnchorLookup(compiled.filter(({ rule }) => rule.pattern !== undefined)),
  };
}

function toProviders(all: readonly CompiledRule[]): ReadonlyMap<string, readonly CompiledRule[]> {
  const found = new Map<string, CompiledRule[]>();
  for (const one of all) {
    const known = found.get(one.rule.provider);
    if (known === undefined) found.set(one.rule.provider, [one]);
    else known.push(one);
  }
  return found;
}

/** Most paths are of no such file, which a look for some words tells; the patterns themselves are slow to compile. */
function toPathLookup(filed: readonly CompiledRule[]): RuleSet['ofPath'] {
  const words = filed.map(({ rule }) => rule.anchors?.rareWords ?? []);
  const telling = words.some((own) => own.length === 0)
    ? /^/
    : new RegExp(words.flat().map(escape).join('|') || '$^');
  let any: RegExp | undefined;
  return (path) => {
    if (!telling.test(path.toLowerCase())) return [];
    any ??= new RegExp(filed.flatMap(({ rule }) => rule.files ?? []).join('|') || '$^', 'i');
    return any.test(path) ? filed.filter(({ files }) => files?.test(path) === true) : [];
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
  const ranks = new Map(named.map((compiled, rank) => [compiled, rank]));
  const finder = toFinder(toGramTables(words));
  return (name) => {
    const bytes = Buffer.from(name, 'latin1');
    const { count, texts } = finder.find(bytes, 0, bytes.length);
    if (count === 0) return plain;
    const possible = new Set(plain);
    for (const text of texts.subarray(0, count))
      for (const compiled of byWord.get(words[text] ?? '') ?? []) possible.add(compiled);
    return [...possible].sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
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

/** A match begins with its value, which begins with a text of the issuer's. */
const beginsWithValue =
  /^(?:\(\?<[!=](?:\\.|\[(?:\\.|[^\]])*\]|[^()\\])*\)|\(\?:(?:\|?\(\?<[!=](?:\\.|\[(?:\\.|[^\]])*\]|[^()\\])*\))+\))?\(\?<secret>/;

function toPrefixPattern(all: readonly CompiledRule[]): RegExp {
  const prefixes = all.flatMap(({ rule, isWeak }) => {
    const { texts = [], before, guarded = false } = rule.anchors?.pattern ?? {};
    const exact = !isWeak && !guarded && before?.[1] === 0 && beginsWithValue.test(rule.pattern ?? '');
    return exact && rule.broad !== true ? texts.filter((text) => text.length >= 4) : [];
  });
  return prefixes.length === 0 ? /$^/ : new RegExp(`^(?:${prefixes.map(escape).join('|')})`, 'i');
}

/** Says whether a pattern's value holds three characters in a row that are its issuer's. */
function hasOwnText(pattern: string): boolean {
  const value = /\(\?<secret>(.*)/.exec(pattern)?.[1] ?? pattern;
  const bare = value
    .replaceAll(/\(\?[=!<].*?\)/g, '')
    .replaceAll(/\[(?:\\.|[^\]])*\]/g, ' ')
    .replaceAll(/\{\d+(?:,\d+)?\}/g, ' ')
    .replaceAll(/\\[dwsb]/gi, ' ')
    .replaceAll('\\', '');
  // Three separators at their places, as in a UUID, are as good.
  return /[A-Za-z0-9_.-]{3}/.test(bare) || (bare.match(/[-.:]/g) ?? []).length >= 3;
}

function escape(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

type Part = 'pattern' | 'near' | 'value' | 'names' | 'files';

/** Patterns are compiled when they are first tried: most scans try few of them. */
class LazyRule implements CompiledRule {
  readonly rule: Rule;
  readonly #made: Partial<Record<Part, RegExp>> = {};
  #isWeak: boolean | undefined;

  constructor(rule: Rule) {
    this.rule = rule;
  }

  get pattern(): RegExp | undefined {
    return this.#make('pattern', this.rule.pattern, this.rule.anyCase === true ? 'dgim' : 'dgm');
  }

  get near(): RegExp | undefined {
    return this.#make('near', this.rule.near?.pattern, 'i');
  }

  get value(): RegExp | undefined {
    return this.#make('value', whole(this.rule.value?.pattern));
  }

  get names(): RegExp | undefined {
    return this.#make('names', whole(this.rule.names?.join('|')));
  }

  get files(): RegExp | undefined {
    return this.#make('files', this.rule.files?.join('|'), 'i');
  }

  get isWeak(): boolean {
    const { value, pattern } = this.rule;
    return (this.#isWeak ??= !hasOwnText(value?.pattern ?? pattern ?? ''));
  }

  #make(name: Part, source: string | undefined, flags = ''): RegExp | undefined {
    if (source === undefined) return undefined;
    return (this.#made[name] ??= new RegExp(source, flags));
  }
}

function whole(source: string | undefined): string | undefined {
  return source === undefined ? undefined : `^(?:${source})$`;
}
