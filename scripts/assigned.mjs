// What stands between the last word of a name and its value: the pattern of a rule that says `after`.

/** ` "value":` of a name and value pair, `</key><string>`, a type: what may come before the sign. */
const BETWEEN = [
  String.raw`["'\\]{0,3},?\s{1,40}["'\\]{0,3}[Vv]alue`,
  String.raw`</[A-Za-z]{1,12}>\s{0,20}<[A-Za-z]{1,12}`,
  String.raw`\s{0,2}:?\s{0,2}&?(?:str|[Ss]tring)`,
].join('|');

/** `=`, `:=`, `=>`, `||`, a comma of a call, the space after a flag. */
const SIGN = String.raw`(?::-|:{1,3}=?|=>|={1,3}|\|\||\?\?|\?=|[,>(]|\s)`;

/** Quotes, `Bearer `: what may open the value. */
const OPENING = String.raw`(?:[fbru@](?=["'\x60]))?["'\x60\\]{0,3}(?:(?:[Bb]earer|[Bb]asic|[Tt]oken|[Kk]ey)\s{1,2})?`;

/** Nothing that would make the value a longer one. */
const END = String.raw`(?![A-Za-z0-9_+/=\-])`;

/** Gives a rule its pattern where it names the words after which a value of its form stands: `ACME_API_KEY=`, `--api-key `, `"apiKey": `. */
export function withPattern({ after, ...rule }) {
  if (after === undefined) return rule;
  const words = after.flatMap((word) => [word, word[0].toUpperCase() + word.slice(1), word.toUpperCase()]);
  const name = String.raw`(?:${words.join('|')})(?:_?[0-9]{1,2})?`;
  const glue = String.raw`(?:${BETWEEN})?["'\x60\\)\]]{0,4}\s{0,8}${SIGN}\s{0,8}${OPENING}`;
  return { ...rule, pattern: `${name}${glue}(?<![A-Za-z0-9_])(?<secret>${rule.value.pattern})${END}` };
}
