import { AgentIdError } from '../../model/error.ts';
import { toAllowList, type AllowList } from './allow-list.ts';
import { toFilter } from './filter.ts';
import { lowerPattern } from './re2.ts';
import type { ForeignHit, ForeignRule } from './types.ts';

/** What a configuration of gitleaks or betterleaks holds, as its TOML says it. */
export interface ForeignConfig {
  readonly allowlist?: AllowList;
  readonly allowlists?: readonly TargetedList[];
  readonly prefilter?: string;
  readonly filter?: string;
  readonly extend?: {
    readonly path?: string;
    readonly useDefault?: boolean;
    readonly disabledRules?: readonly string[];
  };
  readonly rules?: readonly ForeignRuleText[];
}

interface TargetedList extends AllowList {
  readonly targetRules?: readonly string[];
}

interface ForeignRuleText {
  readonly id?: string;
  readonly description?: string;
  readonly regex?: string;
  readonly path?: string;
  readonly entropy?: number;
  readonly secretGroup?: number;
  readonly keywords?: readonly string[];
  readonly allowlist?: AllowList;
  readonly allowlists?: readonly AllowList[];
  readonly filter?: string;
  readonly required?: readonly { readonly id?: string; readonly withinLines?: number }[];
  readonly skipReport?: boolean;
}

type Allows = (hit: ForeignHit) => boolean;

/** Compiles a configuration. Throws `malformed` with the rule's id for a pattern or filter that has no equal here. */
export function toForeignRules(config: ForeignConfig): readonly ForeignRule[] {
  const everywhere = [config.prefilter, config.filter]
    .filter((filter) => filter !== undefined)
    .map((filter) => named('the configuration', () => toFilter(filter)));
  const lists: readonly TargetedList[] = [
    ...(config.allowlist ? [config.allowlist] : []),
    ...(config.allowlists ?? []),
  ];
  return (config.rules ?? []).map((rule) => {
    const id = rule.id ?? '';
    if (id === '') throw new AgentIdError('malformed', 'a rule has no id');
    const own = lists.filter(({ targetRules }) => targetRules?.includes(id) ?? true).map(toAllowList);
    return named(id, () => toRule(rule, id, [...everywhere, ...own]));
  });
}

function named<T>(id: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new AgentIdError('malformed', `rule ${id}: ${why}`, { cause });
  }
}

function toRule(rule: ForeignRuleText, id: string, everywhere: readonly Allows[]): ForeignRule {
  const lists = [...(rule.allowlist ? [rule.allowlist] : []), ...(rule.allowlists ?? [])].map(toAllowList);
  const allows = [...(rule.filter === undefined ? [] : [toFilter(rule.filter)]), ...lists, ...everywhere];
  if (rule.regex === undefined && rule.path === undefined)
    throw new AgentIdError('malformed', 'it has neither a regex nor a path');
  return {
    id,
    title: rule.description ?? id,
    pattern: toPattern(rule.regex, 'dg'),
    secretGroup: rule.secretGroup ?? 0,
    keywords: (rule.keywords ?? []).map((word) => word.toLowerCase()),
    entropy: rule.entropy ?? -1,
    path: toPattern(rule.path, ''),
    allows: (hit) => allows.some((allow) => allow(hit)),
    required: (rule.required ?? []).map((one) => ({ id: one.id ?? '', lines: one.withinLines ?? Infinity })),
    helper: rule.skipReport === true,
  };
}

function toPattern(source: string | undefined, flags: string): RegExp | undefined {
  return source === undefined ? undefined : new RegExp(lowerPattern(source), flags);
}
