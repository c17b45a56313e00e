import { isWorthParsing, matchFile, toRuleSet } from '../../src/detect/index.ts';
import { formatFor, parseFile } from '../../src/formats/index.ts';
import { readRules } from '../../src/lib/rules.ts';
import { fillIn } from './samples.ts';

export const rules = toRuleSet(await readRules());

export interface Report {
  readonly id: string;
  readonly line: number;
  readonly reasons: readonly string[];
}

/** Fills in a text and gives what a scan reports of it by default, in the order of the lines. */
export async function reported(path: string, template: string): Promise<readonly Report[]> {
  const text = fillIn(template);
  const format = formatFor(path, text.slice(0, 1024));
  const facts =
    format !== undefined && isWorthParsing(text, format.id)
      ? await parseFile(text, path).then(
          (read) => read?.facts ?? null,
          () => null,
        )
      : null;
  return matchFile(text, facts, rules, { path })
    .filter(({ kind, confidence }) => kind === 'literal' && confidence !== 'low')
    .map(({ rule, span, reasons }) => ({
      id: rule.id,
      line: text.slice(0, span.start).split('\n').length,
      reasons,
    }));
}
