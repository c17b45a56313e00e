import type { Slot, Use } from '../../model/facts.ts';
import { emptyDraft, type Draft } from '../draft.ts';
import { addValue, replaced } from '../value.ts';

/** `name = "…"`, `name: '…'`, `"name" => "…"`, `setName("…")`, `.header("Name", "…")`, all on one line. */
const named =
  /(?<![\w$])(?<name>[A-Za-z_][\w$.-]{1,80}|\$[A-Za-z_]\w{0,80})["'\])]{0,3}(?::[ \t]?&?(?:'static )?[A-Za-z_][\w.<>?]{0,40})?[ \t]{0,20}(?<sign>=>|:=|\?\?=|\|\|=|={1,2}|:{1,2}|,|\(|\?:|\?\?|\|\|)[ \t]{0,20}(?:[@bBrRfFLu]{1,2}#?|new \w{1,30}\(|String::from\()?(?<quote>["'])(?<value>(?:\\[^\r\n]|(?!\k<quote>)[^\\\r\n]){4,2000})\k<quote>/dg;

/** How each language reads a variable of its environment. */
const reads: readonly RegExp[] = [
  /\b(?:getenv|GetEnvironmentVariable|ENV\.fetch|env::var(?:_os)?|(?:option_)?env!|get_env!?|fetch_env!?|env)\s?\(\s?["'](?<name>[A-Za-z_]\w{0,100})["']/g,
  // Rust's clap: `#[arg(env = "NAME")]`.
  /#\[(?:arg|clap|structopt)\([^\]\n]{0,200}\benv\s?=\s?"(?<name>[A-Za-z_]\w{0,100})"/g,
  /(?:\bENV|\$_ENV|\$_SERVER|\benvironment|\bgetenv\(\))\s?\[\s?["'](?<name>[A-Za-z_]\w{0,100})["']\s?\]/g,
  /\$ENV\{["']?(?<name>[A-Za-z_]\w{0,100})["']?\}/g,
  /\$(?:\{env:(?<name>[A-Za-z_]\w{0,100})\}|env:(?<bare>[A-Za-z_]\w{0,100}))/gi,
];

/** Reads the facts of code in a language that has no parser here. */
export function readCode(text: string): Draft {
  const draft = emptyDraft();
  const readers = addUses(draft, text);
  named.lastIndex = 0;
  for (let match = named.exec(text); match !== null; match = named.exec(text)) {
    const { name = '', sign, value = '' } = match.groups ?? {};
    const [start, end] = match.indices?.groups?.['value'] ?? [0, 0];
    if (sign === '(' && /^\s{0,20},\s{0,20}["']/.test(text.slice(end + 1, end + 50))) {
      // The first argument names the second.
      named.lastIndex = start;
      continue;
    }
    if (readers.has(start)) continue;
    addValue(draft, {
      path: name,
      name: lastOf(name),
      span: { start, end },
      entry: { start: match.index, end: match.index + match[0].length },
      mapped: replaced(text, { start, end }, value.includes('\\') ? escape : /(?!)/g, unescape),
      expands: false,
    });
  }
  return draft;
}

const escape = /\\(?:u\{?[0-9a-fA-F]{4}\}?|x[0-9a-fA-F]{2}|.)/g;

/** Gives where the names of variables stand: they are no values. */
function addUses(draft: Draft, text: string): ReadonlySet<number> {
  const places = new Set<number>();
  for (const pattern of reads) {
    for (const match of text.matchAll(pattern)) {
      const name = match.groups?.['name'] ?? match.groups?.['bare'] ?? '';
      const span = { start: match.index, end: match.index + match[0].length };
      places.add(match.index + match[0].lastIndexOf(name));
      draft.uses.push({ name, store: 'env', span, ...bindingOf(text, match.index) });
    }
  }
  return places;
}

/** The variable or field that takes what is read. */
function bindingOf(text: string, at: number): Pick<Use, 'binding'> {
  const before = text.slice(Math.max(0, at - 100), at);
  const name = /([A-Za-z_]\w{0,60})["']?\s{0,4}(?:=>|:=|=|:)\s{0,4}[\w.:\\[\]]{0,40}$/.exec(before)?.[1];
  return name === undefined ? {} : { binding: name };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

function unescape(all: string): string {
  const digits = /^\\[ux]\{?([0-9a-fA-F]+)/.exec(all)?.[1];
  if (digits !== undefined && digits.length > 1) return String.fromCharCode(Number.parseInt(digits, 16));
  return escapes[all.charAt(1)] ?? all.charAt(1);
}

/** `config.okta.token` is a token; the whole name is the path. */
function lastOf(name: string): Slot['name'] {
  const parts = name.replace(/^\$/, '').split(/[.$]|->/);
  return parts.length > 1 && /^(self|this|config|settings|options|opts)$/i.test(parts[0] ?? '')
    ? parts.slice(1).join('.')
    : (parts.at(-1) ?? name);
}
