import { emptyDraft, type Draft } from '../draft.ts';
import { joinKey } from '../key-path.ts';
import { addValue, asWritten } from '../value.ts';

/** Reads the facts of a file that holds nothing but credentials. */
export function readCredentials(text: string, path: string): Draft {
  if (/netrc$|authinfo$/.test(path)) return readNetrc(text);
  if (/git[-/]credentials$/.test(path)) return readLines(text, urlLine, 2);
  return readLines(text, /pgpass(\.conf)?$/.test(path) ? pgpassLine : htpasswdLine, 2);
}

const word = /"[^"\r\n]*"|\S+/g;

/** Words in pairs: `machine HOST login NAME password VALUE`, on any lines. */
function readNetrc(text: string): Draft {
  const draft = emptyDraft();
  const words = [...text.replaceAll(/^[ \t]*#.*$/gm, (all) => ' '.repeat(all.length)).matchAll(word)];
  let machine = '';
  for (const [at, { 0: key, index }] of words.entries()) {
    const next = words[at + 1];
    if (key === 'default') machine = 'default';
    if (next === undefined || !/^(machine|login|password|account|port)$/.test(key)) continue;
    if (key === 'machine') machine = next[0];
    const quote = /^(["']).*\1$/.test(next[0]) ? 1 : 0;
    const span = { start: next.index + quote, end: next.index + next[0].length - quote };
    if (key !== 'password' && key !== 'account' && key !== 'login') continue;
    const entry = { start: index, end: next.index + next[0].length };
    addValue(draft, {
      path: joinKey(joinKey('', machine), key),
      name: key,
      span,
      entry,
      mapped: asWritten(text, span),
      expands: false,
    });
  }
  return draft;
}

/** Groups: what it is for, and the credential; the credential is the last group. */
const urlLine = /^\w{2,10}:\/\/([^:@\s/]{1,200}):([^@\s]{1,500})(?=@)/gm;
const pgpassLine = /^(?!#)((?:(?:\\.|[^:\\\r\n]){1,200}:){4})((?:\\.|[^\r\n\\]){1,500})/gm;
const htpasswdLine = /^(?!#)([^:\s]{1,200}):([^:\r\n]{1,500})/gm;

function readLines(text: string, line: RegExp, group: number): Draft {
  const draft = emptyDraft();
  for (const match of text.matchAll(line)) {
    const entry = { start: match.index, end: match.index + match[0].length };
    const span = { start: entry.end - (match[group] ?? '').length, end: entry.end };
    const path = joinKey(joinKey('', (match[1] ?? '').replace(/:$/, '')), 'password');
    addValue(draft, { path, name: 'password', span, entry, mapped: asWritten(text, span), expands: false });
  }
  return draft;
}
