import { AgentIdError } from '../../model/error.ts';
import type { Slot } from '../../model/facts.ts';
import type { Edit, Span } from '../../model/place.ts';
import { emptyDraft, toFacts } from '../draft.ts';
import { lineBreakOf, lineOf } from '../lines.ts';
import { addScript, TextMapper } from '../mapped.ts';
import { removalComment } from '../removal.ts';
import { loadScriptReader } from '../shell/script.ts';
import type { Document } from '../types.ts';
import { lexCrontab, type CronLine } from './lex.ts';

/** Reads a crontab: its variables, and the commands of its lines. */
export async function parseCrontab(text: string, path: string): Promise<Document> {
  const readScript = await loadScriptReader();
  const lines = lexCrontab(text, /(^|\/)cron\.d\/|(^|\/)etc\/crontab$/.test(path));
  const draft = emptyDraft();
  let jobs = 0;
  for (const line of lines) {
    if (line.kind === 'variable') {
      const { name, span, entry } = line;
      draft.slots.push({ path: name, name, value: text.slice(span.start, span.end), span, entry });
      continue;
    }
    const slot = `jobs[${jobs}].command`;
    const script = text.slice(line.command.start, line.command.end);
    const mapper = new TextMapper();
    mapper.copy(text, line.command.start, line.command.end);
    draft.slots.push({ path: slot, name: null, value: script, span: line.command, entry: line.entry });
    addScript(draft, readScript(script), mapper.toText(), slot);
    jobs += 1;
  }
  const unsupported = ({ start }: Span): AgentIdError =>
    new AgentIdError('unsupported', 'a part of a command cannot be changed safely here', {
      where: `${path}:${lineOf(text, start)}`,
      hint: 'Change it by hand.',
    });
  const lineFor = (slot: Slot): CronLine => {
    const line = lines.find(
      (one) => startOf(one) === slot.span.start && one.entry.start === slot.entry.start,
    );
    if (line === undefined) throw unsupported(slot.span);
    return line;
  };
  return {
    facts: toFacts(draft, 'crontab', path, text),
    setValue: (slot, value, reason) => setValue(lineFor(slot), slot, value, reason),
    removeEntry: (slot, reason) => [
      { span: lineFor(slot).entry, text: removalComment('#', slot.name ?? 'this line', reason), reason },
    ],
    insertEntry: (beside, name, value, reason) => {
      const { entry } = lineFor(beside);
      // A variable counts for the lines below it only.
      const line = `${name}=${value}${lineBreakOf(text)}`;
      return { span: { start: entry.start, end: entry.start }, text: line, reason };
    },
  };
}

function startOf(line: CronLine): number {
  return line.kind === 'variable' ? line.span.start : line.command.start;
}

function setValue(line: CronLine, slot: Slot, value: string, reason: string): Edit {
  if (value === slot.value) return { span: { start: slot.span.end, end: slot.span.end }, text: '', reason };
  if (/[\r\n]/.test(value)) throw new AgentIdError('unsupported', 'a crontab has no values of several lines');
  if (line.kind === 'job') return { span: slot.span, text: value.replaceAll(/(?<!\\)%/g, '\\%'), reason };
  const needsQuotes = line.quote === '' && /^\s|\s$|^["']/.test(value);
  return { span: slot.span, text: needsQuotes ? `"${value}"` : value, reason };
}
