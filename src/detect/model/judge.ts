import type { Candidate } from '../candidates/candidate.ts';
import { measure } from './features.ts';
import languageData from './language.json' with { type: 'json' };
import { toLanguage } from './language.ts';
import { toReasons } from './reasons.ts';
import treeData from './trees.json' with { type: 'json' };
import { score, type TreeModel } from './trees.ts';

const model: TreeModel = treeData;
const language = toLanguage(languageData);

/** What the model makes of a candidate. */
export interface Judgement {
  /** Log-odds. */
  readonly score: number;
  /** The three weightiest of what spoke for it, in words. */
  readonly reasons: () => readonly string[];
}

/** Log-odds from which a candidate is reported, from which as `low`, and from which in a slot that must hold a credential. */
export const thresholds: TreeModel['thresholds'] = model.thresholds;

/** Scores one candidate in its text. */
export function weigh(text: string, candidate: Candidate): Judgement {
  const row = measure(text, candidate, language);
  return { score: score(model, row), reasons: () => toReasons(model, row) };
}
