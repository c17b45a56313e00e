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

/** The line of an offset and the one before it. */
function twoLines(text: string, offset: number): string {
  const start = lineStart(text, offset);
  const before = start === 0 ? 0 : lineStart(text, start - 1);
  const end = text.indexOf('\n', offset);
  return text.slice(
    Math.max(before, offset - 4000),
    end === -1 ? offset + 4000 : Math.min(end, offset + 4000),
  );
}

function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}
