import type { Use } from '../../model/facts.ts';
import type { Span } from '../../model/place.ts';
import { findExpansions } from '../expansion.ts';
import type { YamlKind } from './kind.ts';

export type Read = Pick<Use, 'name' | 'store' | 'span'>;

/** Finds what a value reads by name. Spans are offsets in the file. */
export function readsIn(kind: YamlKind, text: string, span: Span, key: string | null): readonly Read[] {
  const raw = text.slice(span.start, span.end);
  if (!raw.includes('$') && key !== 'if') return [];
  const found = kind === 'workflow' ? expressions(raw, key === 'if') : variables(kind, raw);
  return found.map((read) => ({
    ...read,
    span: { start: read.span.start + span.start, end: read.span.end + span.start },
  }));
}

const reference =
  /\b(secrets|env)\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*(?:'([^'\]]{1,200})'|"([^"\]]{1,200})")\s*\])/g;

function expressions(raw: string, isCondition: boolean): readonly Read[] {
  const found: Read[] = [];
  for (const body of bodies(raw, isCondition)) {
    const text = raw.slice(body.start, body.end);
    const matches = [...text.matchAll(reference)];
    for (const match of matches) {
      const name = match[2] ?? match[3] ?? match[4];
      if (name === undefined) continue;
      const isWhole = body.wrapped && matches.length === 1 && text.trim() === match[0];
      const at = body.start + match.index;
      found.push({
        name,
        store: match[1] === 'secrets' ? 'github-secret' : 'env',
        span: isWhole
          ? { start: body.start - 3, end: body.end + 2 }
          : { start: at, end: at + match[0].length },
      });
    }
  }
  return found;
}

interface Body extends Span {
  readonly wrapped: boolean;
}

/** The insides of `${{ … }}`; a condition may leave them out. */
function bodies(raw: string, isCondition: boolean): readonly Body[] {
  const found: Body[] = [];
  for (let at = raw.indexOf('${{'); at !== -1; at = raw.indexOf('${{', at + 3)) {
    const end = raw.indexOf('}}', at);
    if (end === -1) break;
    found.push({ start: at + 3, end, wrapped: true });
  }
  return found.length === 0 && isCondition ? [{ start: 0, end: raw.length, wrapped: false }] : found;
}

function variables(kind: YamlKind, raw: string): readonly Read[] {
  const found: Read[] = findExpansions(raw, { bare: true }).map(({ name, span }) => ({
    name,
    store: 'env' as const,
    span,
  }));
  if (kind !== 'kubernetes') return found;
  for (const match of raw.matchAll(/(?<!\$)\$\(([A-Za-z_]\w*)\)/g)) {
    const span = { start: match.index, end: match.index + match[0].length };
    found.push({ name: match[1] ?? '', store: 'env', span });
  }
  return found;
}

/** Covers `${{ … }}` with as many letters, so that a shell parser sees a word. */
export function maskExpressions(script: string): string {
  return script.replaceAll(/\$\{\{[^\n]*?\}\}/g, (all) => 'x'.repeat(all.length));
}
