import type { Migration, Rule } from '../../model/rule.ts';
import { toAnchors, toPathAnchors } from './compile.ts';
import { whyRefused } from './refusal.ts';
import { whySlow, type SlowText } from './slow.ts';
import { withPattern } from './value-pattern.ts';

/** A rule as YAML says it; the schema is `schemas/rule.schema.json`. */
export interface WrittenRule extends Omit<Rule, 'provider' | 'revoke' | 'migration' | 'anchors'> {
  readonly revoke?: string;
  readonly migration?: Migration;
  /** The value stands out by itself. */
  readonly bare?: boolean;
  /** Words that a name ends in after which the value stands. */
  readonly after?: readonly string[];
}

/** One file of rules, all of one provider. */
export interface WrittenRules {
  readonly provider: string;
  readonly docs?: string;
  readonly revoke?: string;
  readonly migration?: Migration;
  readonly rules: readonly WrittenRule[];
}

/** A rule ready to be used, or why it is refused. */
export type Compiled = { readonly rule: Rule } | { readonly id: string; readonly why: string };

/** Compiles the rules of one file that holds to its schema: completes, judges and times each, and finds its anchors. */
export function toRules(
  { provider, rules, ...shared }: WrittenRules,
  slowText: SlowText,
): readonly Compiled[] {
  return rules.map((written) => {
    const { revoke, migration, ...rest } = {
      migration: 'rotate' as const,
      ...shared,
      ...withPattern(written),
    };
    if (revoke === undefined) return { id: rest.id, why: 'no revoke' };
    const rule = { migration, revoke, ...rest, provider };
    const why = whyRefused(rule);
    if (why !== undefined) return { id: rule.id, why };
    const whole = {
      ...rule,
      anchors: rule.files === undefined ? toAnchors(rule) : toPathAnchors(rule.files),
    };
    const slow = whySlow(whole, slowText);
    return slow === undefined ? { rule: whole } : { id: rule.id, why: slow };
  });
}
