const codeFile =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|pyi|go|java|kt|kts|scala|groovy|rb|erb|php|cs|vb|fs|c|cc|cpp|h|hpp|m|mm|rs|swift|dart|lua|pl|pm|r|jl|ex|exs|erl|hs|clj|sol|sql)$/i;

/** Says whether a file holds code, in which a bare word is a variable. */
export function isCode(path: string): boolean {
  return codeFile.test(path);
}

/** Says whether an offset lies within a quoted text of its line. */
export function isInString(text: string, at: number): boolean {
  const from = Math.max(0, at - 400);
  const start = from + text.slice(from, at).lastIndexOf('\n') + 1;
  let open = '';
  for (let n = start; n < at; n += 1) {
    const character = text.charAt(n);
    if (character === '\\') n += 1;
    else if (open === '') open = '"\'`'.includes(character) ? character : '';
    else if (character === open) open = '';
  }
  return open !== '';
}
