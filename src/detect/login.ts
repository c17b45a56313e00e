import type { Candidate } from './candidates/candidate.ts';
import { readName } from './vocabulary.ts';

/** Characters to each side of a password within which its user is looked for, and lines. */
const REACH = 200;
const LINES = 3;

/** A user's name with a literal value: `user: app`, `<User>app</User>`, `"email", "a@b.c"`. */
const user =
  /(?:user(?:[_.-]?(?:name|id))?|login|uid|usr|e?mail|account|principal)\\{0,2}["'\])]{0,3}[ \t]{0,4}(?:=>|:=|[:=,>])[ \t]{0,4}\\{0,2}["']?([^\s"'<>,;&(){}[\]$%\\]{2,64})/gi;

/** Says whether a user stands beside a password, which makes both a login and the password no label. */
export function isOfLogin(text: string, { name: written, span, value }: Candidate): boolean {
  if (!readName(written.replace(/^set(?=[A-Z])/, '')).isOwned) return false;
  const before = text
    .slice(Math.max(0, span.start - REACH), span.start)
    .split('\n')
    .slice(-LINES - 1);
  const after = text
    .slice(span.end, span.end + REACH)
    .split('\n')
    .slice(0, LINES + 1);
  const beside = `${before.join('\n')}\n${after.join('\n')}`;
  return [...beside.matchAll(user)].some(([, name = '']) => !isAlike(name, value));
}

/** A label beside a label, a name beside the same password. */
function isAlike(name: string, value: string): boolean {
  return name.toLowerCase() === value.toLowerCase();
}
