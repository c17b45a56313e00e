import type { WrittenRule } from './written.ts';

// The pattern of a rule that says only the form of its value: what stands around it is the same for all of them.

/** Nothing before that belongs to the value, but for the letter of an escaped line end. */
const START = String.raw`(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))`;

/** ` "value":` of a name and value pair, `</key><string>`, a type: what may come before the sign. */
const BETWEEN = [
  String.raw`["'\\]{0,3},?\s{1,40}["'\\]{0,3}[Vv]alue`,
  String.raw`</[A-Za-z]{1,12}>\s{0,20}<[A-Za-z]{1,12}`,
  String.raw`\s{0,2}:?\s{0,2}&?(?:'static )?(?:str|[Ss]tring)`,
  String.raw` As String`,
  String.raw`["']\s?,\s?default`,
  String.raw` --body`,
].join('|');

/** `=`, `:=`, `=>`, `||`, a comma of a call, the space after a flag. */
const SIGN = String.raw`(?::-|:{1,3}=?|=>|<-|={1,3}|\.=|\|{1,2}|\?\?|\?=|[,>(]|\s(?:was\s)?)`;

/** Quotes, `Bearer `: what may open the value. */
const OPENING = String.raw`(?:String::from\()?(?:[fbru@](?=["'\x60]))?["'\x60\\]{0,3}(?:(?:[Bb]earer|[Bb]asic|[Tt]oken|[Kk]ey)\s{1,2})?`;

const NEW_WORD = '(?<![A-Za-z0-9_])';

/** Nothing that would make the value a longer one. */
const END = String.raw`(?![A-Za-z0-9_+/=\-])`;

/**
 * Gives a rule its pattern: `bare` says that the value stands out by itself, `after` which words of a name it must
 * follow: `ACME_API_KEY=`, `--api-key `, `"apiKey": `.
 */
export function withPattern({ bare, after, ...rule }: WrittenRule): Omit<WrittenRule, 'bare' | 'after'> {
  if (after === undefined && bare !== true) return rule;
  const before =
    after === undefined ? START : `(?:${assigned(after)}|${constructed(rule.keywords)})${NEW_WORD}`;
  return { ...rule, pattern: `${before}(?<secret>${rule.value?.pattern ?? ''})${END}` };
}

/** `publicKey`, `publishable_key`: what anybody may read. */
const PRIVATE = String.raw`(?<!(?:ublic|UBLIC|ishable|ISHABLE)[_\- ]?)`;

function assigned(after: readonly string[]): string {
  const words = after.flatMap((word) => [word, capitalize(word), word.toUpperCase()]);
  const name = String.raw`(?:${words.join('|')})(?:_?[0-9]{1,2})?`;
  return String.raw`${PRIVATE}${name}(?:${BETWEEN})?["'\x60\\)\]]{0,4}\s{0,8}${SIGN}\s{0,8}${OPENING}`;
}

/** `new AcmeClient("`, `Acme("host", "`: what is made of a credential, of the provider's own name or a client's. */
function constructed(keywords: readonly string[]): string {
  const own = keywords.filter((word) => /^[a-z]{4,}$/.test(word)).map(capitalize);
  const names = ['Client', 'API', 'Api', 'SDK', 'Sdk', ...own].join('|');
  return String.raw`(?:${names})(?:\.create)?\(\s{0,8}(?:["'][^"'\s]{1,60}["'],\s{0,8})?["']`;
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
