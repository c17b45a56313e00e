import type { Match } from './match.ts';

const mark = 'agent-id:ignore';
const comment = /agent-id:ignore[ \t]{1,8}(?<rule>[a-z0-9-]{2,64})[ \t]{1,8}(?<reason>\S[^\r\n]{0,200})/g;

/** Marks what a comment on its line or the line before lets pass: `agent-id:ignore RULE reason`. A reason is needed. */
export function withIgnored(text: string, matches: readonly Match[]): readonly Match[] {
  if (matches.length === 0 || !text.includes(mark)) return matches;
  return matches.map((match) => {
    const reason = reasonFor(match.rule.id, twoLines(text, match.span.start));
    return reason === undefined ? match : { ...match, ignored: reason };
  });
}

function reasonFor(rule: string, lines: string): string | undefined {
  const found = [...lines.matchAll(comment)].find(({ groups }) => groups?.['rule'] === rule);
  return found?.groups?.['reason']?.replace(/\s*(?:\*\/|-->)\s*$/, '').trim();
}

/** Characters at most on each side of a match in which its comment is looked for. */
const MOST_NEAR = 4000;

/** The line of an offset and the one before it. */
function twoLines(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - MOST_NEAR), offset);
  const after = text.slice(offset, offset + MOST_NEAR);
  const line = before.lastIndexOf('\n');
  const start = line <= 0 ? 0 : before.lastIndexOf('\n', line - 1) + 1;
  const end = after.indexOf('\n');
  return before.slice(start) + after.slice(0, end === -1 ? after.length : end);
}
