import type { Span } from '../../model/place.ts';

export interface ReadValue {
  readonly value: string;
  readonly span: Span;
  readonly quoted: boolean;
  readonly scheme: boolean;
}

const opening = /(?:[fbruFBRU]{1,2}(?=["'`])|@(?="))?(\\{0,3}["'`])?/y;
const scheme =
  /(?:Bearer|Basic|Token|SSWS|ApiKey|Api-Key|GenieKey|Key|OAuth|Bot|JWT|Splunk|Klaviyo-API-Key|DeepL-Auth-Key)(?:[ \t]+(?:token=)?|%20)(?=[^\s"'`])/iy;

/** Longest value that is looked at. */
const MOST_VALUE = 1200;

/** Reads one value, quoted or bare, from an offset on; `stop` are characters that end a bare one there. */
export function readValue(
  text: string,
  at: number,
  { stop }: { readonly stop: string },
): ReadValue | undefined {
  opening.lastIndex = at;
  const open = opening.exec(text);
  const mark = open?.[1] ?? '';
  const from = at + (open?.[0].length ?? 0);
  scheme.lastIndex = from;
  const word = scheme.exec(text)?.[0] ?? '';
  const start = from + word.length;
  const end = mark === '' ? endOfBare(text, start, stop) : endOfQuoted(text, start, mark);
  if (end === undefined || end - start < 3) return undefined;
  return { value: text.slice(start, end), span: { start, end }, quoted: mark !== '', scheme: word !== '' };
}

function endOfQuoted(text: string, start: number, mark: string): number | undefined {
  const most = Math.min(text.length, start + MOST_VALUE);
  const quote = mark.charAt(mark.length - 1);
  for (let at = start; at < most; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') return undefined;
    if (character === quote)
      return mark.length > 1 && text.startsWith(mark, at - mark.length + 1) ? at - mark.length + 1 : at;
    if (character === '\\' && mark.length === 1) at += 1;
  }
  return undefined;
}

/** Ends a bare value at white space or a quote, without the brackets and commas that close what it stands in. */
function endOfBare(text: string, start: number, stop: string): number {
  const most = Math.min(text.length, start + MOST_VALUE);
  let end = start;
  while (end < most && !isEnd(text.charAt(end), stop)) end += 1;
  const semicolon = /;\s*(?:[A-Za-z][\w ]{0,30}=|$)/.exec(text.slice(start, end));
  if (semicolon !== null) end = start + semicolon.index;
  while (end > start && ',;)]}>\\'.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

function isEnd(character: string, stop: string): boolean {
  return /\s/.test(character) || '"\'`<'.includes(character) || (stop !== '' && stop.includes(character));
}
