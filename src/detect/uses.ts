import type { FileFacts, Store, Use } from '../model/facts.ts';
import type { Rule } from '../model/rule.ts';
import type { Match } from './match.ts';
import type { RuleSet } from './rule-set.ts';

/** Finds the places that read a secret by name, each once. */
export function useMatches(facts: FileFacts | null, rules: RuleSet): readonly Match[] {
  const seen = new Set<string>();
  return (facts?.uses ?? []).flatMap((use) => {
    const rule = ruleOfUse(use, rules);
    const key = `${use.span.start}:${use.span.end}:${use.name}`;
    if (rule === undefined || seen.has(key)) return [];
    seen.add(key);
    return [toMatch(use, rule)];
  });
}

interface Named {
  readonly name: string;
  readonly store: Store;
  readonly why: string;
  /** It is a secret, whatever it is called. */
  readonly certain?: boolean;
}

/** Judges a secret that is known by its name alone; undefined where no rule takes it for one. */
export function namedMatch({ name, store, why, certain }: Named, rules: RuleSet): Match | undefined {
  const use = { name, store, span: { start: 0, end: 0 } };
  const rule = ruleOfUse(use, rules) ?? (certain === true ? rules.byId('generic-secret') : undefined);
  return rule === undefined ? undefined : { ...toMatch(use, rule), reasons: [why] };
}

function toMatch(use: Use, rule: Rule): Match {
  return {
    rule,
    kind: 'use',
    span: use.span,
    name: use.name,
    slot: use.slot ?? null,
    value: null,
    store: use.store,
    confidence: rule.broad === true ? 'medium' : 'high',
    reasons: [`reads ${use.name} from ${use.store}`],
  };
}

/** A provider's rule by either name, else a broad one: `OKTA_TOKEN: ${{ secrets.ORG_TOKEN }}` is Okta's. */
function ruleOfUse(use: Use, rules: RuleSet): Rule | undefined {
  if (isAutomatic(use)) return rules.byId('github-automatic-token');
  if (switches.test(use.name)) return undefined;
  const own = rules.ofName(use.name)?.rule;
  const handed = use.as === undefined ? undefined : rules.ofName(use.as)?.rule;
  if (own === undefined || own.broad === true)
    return handed?.broad === true ? (own ?? handed) : (handed ?? own);
  return own;
}

/** Names that say whether, not what: `USE_1PASSWORD`, `ENABLE_API_TOKEN`. */
const switches = /(?:^|_)(?:use|enable|disable|skip|has|require)_[a-z0-9]+(?:_[a-z]+)?$/i;

/** The CI system makes this one anew for each job. */
function isAutomatic({ name, store }: Use): boolean {
  if (store === 'github-secret') return name.toUpperCase() === 'GITHUB_TOKEN';
  return ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'CI_JOB_TOKEN'].includes(name);
}
