import { toRuleSet } from '../../detect/index.ts';
import { matchFile } from '../../detect/index.ts';
import { readRules } from '../../lib/rules.ts';

/** Says whether an argument holds something that a provider's rule knows as a secret. */
export async function looksLikeSecret(text: string): Promise<boolean> {
  const rules = toRuleSet((await readRules()).filter((rule) => rule.broad !== true));
  const okta = /^00[A-Za-z0-9_-]{40}$/.test(text);
  return okta || matchFile(text, null, rules).some((match) => match.kind === 'literal');
}
