import { dirname, posix } from 'node:path';
import type { ManualStep } from '../model/plan.ts';
import type { FileEdits } from './edits.ts';

/** A file beside those that change. */
export interface Other {
  readonly path: string;
  readonly text: string;
}

/** Whether a file is of the other's package, or says the name of its module. */
export function mentionsModule({ path: from, text }: Other, path: string): boolean {
  if (path.endsWith('.go') && dirname(from) === dirname(path)) return true;
  const stem = posix.basename(path).replace(/\.\w+$/, '');
  const isFolder = /^(index|__init__)$/.test(stem) || path.endsWith('.go');
  const word = isFolder ? posix.basename(dirname(path)) : stem;
  return new RegExp(`\\b${word.replaceAll(/[^\w]/g, '.')}\\b`).test(text);
}

/** Says at a place of another file, for each agent, why a file cannot change. */
export function toSteps(
  { agents }: FileEdits,
  place: { readonly path: string; readonly line: number },
  why: string,
): readonly ManualStep[] {
  const what =
    'Let one function ask for the token and build the header, and call that; then run agent-id migrate again.';
  return agents.map((agent) => ({ ...place, agent, why, what }));
}
