import { toRuleSet } from '../../detect/index.ts';
import { matchFile } from '../../detect/index.ts';
import { readRules } from '../../lib/rules.ts';

/** A signed token, of a user say: rules find only those that live long. */
const token = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;

/** Says whether an argument holds a signed token, or something that a provider's rule knows as a secret. */
export async function looksLikeSecret(text: string): Promise<boolean> {
  if (token.test(text)) return true;
  const rules = toRuleSet((await readRules()).filter((rule) => rule.broad !== true));
  const okta = /^00[A-Za-z0-9_-]{40}$/.test(text);
  return okta || matchFile(text, null, rules).some((match) => match.kind === 'literal');
}
