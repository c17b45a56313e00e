/** What a piece of text looks like, judged without knowing its place. */
export type ValueClass = 'empty' | 'reference' | 'placeholder' | 'words' | 'plain' | 'random';

const references =
  /^(\$\{?[A-Za-z_]|\$\(|\{\{|<%|%[A-Za-z_]+%$|op:\/\/|vault:|ssm:|arn:|secretref:|file:|env:|\$\{\{|@Microsoft\.KeyVault)|^(secrets?|env|vars|process\.env|os\.environ|var|local|data)\.|\$\{[^}]*\}/i;
const placeholders =
  /^(<.*>|\[.*\]|\*+|x{4,}|\.{3,}|-+|(your|my|the|an?)[-_ ].*|.*(example|placeholder|changeme|change[-_]me|dummy|redacted|replace[-_ ]?(me|this|with)|insert[-_ ]|your[-_ ]|xxxx|todo|fake|sample|not[-_ ]?(a[-_ ]?)?(real|secret)|removed).*|null|none|undefined|true|false|test|testing|secret|password|token|admin|root|postgres|user|guest|default|foo|bar|baz|string|abc|abcd|123456?7?8?)$/i;

/** Classifies a value: only `random` looks like a secret by itself; `plain` may be a weak password. */
export function classify(value: string): ValueClass {
  const text = value.trim();
  if (text === '') return 'empty';
  if (references.test(text)) return 'reference';
  if (placeholders.test(text) || isRun(text)) return 'placeholder';
  if (/\s/.test(text) || isStructured(text)) return 'words';
  return isRandom(text) ? 'random' : 'plain';
}

/** URLs, paths, versions, dates, identifiers in words: things that are long and yet no secret. */
function isStructured(text: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ||
    /^(\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(text) ||
    /^v?\d+(\.\d+)+/.test(text) ||
    /^\d{4}-\d\d-\d\d/.test(text) ||
    /^[\w-]+\.(json|ya?ml|pem|key|crt|txt|env|js|ts|py|go|md|html|svg|png)$/i.test(text) ||
    /^[a-z]+([._:/-][a-z]+)+$/i.test(text) ||
    /^[A-Za-z]+$/.test(text) ||
    /[()<>]/.test(text)
  );
}

/** Sixteen characters at least, of several kinds, and spread like chance. */
function isRandom(text: string): boolean {
  if (text.length < 16 || !/\d/.test(text) || !/[A-Za-z]/.test(text)) return false;
  return entropy(text) >= (/^[0-9a-f]+$/i.test(text) ? 3 : 3.4);
}

/** Shannon entropy in bits per character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Estimates how many bits somebody must guess; under 72 a public salt hides nothing (DESIGN decision 4). */
export function estimateBits(text: string): number {
  return isRandom(text) || text.length >= 24 ? entropy(text) * text.length : Math.min(60, text.length * 2.5);
}

function isRun(text: string): boolean {
  return (
    new Set(text).size <= Math.max(2, text.length / 8) || /(0123456789|abcdefghij|1234567890)/i.test(text)
  );
}
