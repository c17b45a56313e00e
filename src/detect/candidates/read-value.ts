import type { Span } from '../../model/place.ts';

export interface ReadValue {
  readonly value: string;
  readonly span: Span;
  readonly quoted: boolean;
  readonly scheme: boolean;
}

const opening =
  /(?:[fbruFBRU]{1,2}(?=["'`])|@(?=")|(?:\[\]byte|Buffer\.from|new String|SecureString|String::from)\((?=["'`]))?(\\{0,3}["'`])?/y;
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

/** Longest bare value: what goes on for longer is data. */
const MOST_BARE = 600;

const bare = /[^\s"'`<]{0,600}/y;

/** Ends a bare value at white space or a quote, without the brackets and commas that close what it stands in. */
function endOfBare(text: string, start: number, stop: string): number | undefined {
  bare.lastIndex = start;
  const run = bare.exec(text)?.[0] ?? '';
  if (run.length === MOST_BARE) return undefined;
  const stops = Array.from(stop, (character) => run.indexOf(character)).filter((at) => at >= 0);
  const kept = run.slice(0, Math.min(run.length, ...stops));
  const pairs = /;(?:[A-Za-z][\w]{0,30}=|$)/.exec(kept);
  const value = pairs === null ? kept : kept.slice(0, pairs.index);
  return start + value.replace(/[,;)\]}>\\]{1,40}$/, '').length;
}
