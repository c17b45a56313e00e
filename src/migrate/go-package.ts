import { dirname, join } from 'node:path';
import { parseFile } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import { toLine } from '../model/place.ts';
import type { ManualStep } from '../model/plan.ts';
import type { FileEdits, TouchedFile } from './edits.ts';

/** One file of a package, and where it begins in the text of all of them. */
export interface Member {
  readonly path: string;
  readonly text: string;
  readonly start: number;
}

interface Tree {
  readonly root: string;
  readonly paths: readonly string[];
}

/**
 * Joins the files of each Go package to one text: a secret that one file reads may be held and sent by others. Files of
 * other languages stay as they are.
 */
export async function joinPackages(
  files: readonly TouchedFile[],
  tree: Tree,
): Promise<readonly TouchedFile[]> {
  const joined: TouchedFile[] = [];
  for (const file of files) {
    if (joined.some(({ members = [] }) => members.some(({ path }) => path === file.path))) continue;
    joined.push((await joinPackage(file, files, tree)) ?? file);
  }
  return joined;
}

/** Nothing where the file is alone, or where a value stands in the code. */
async function joinPackage(
  file: TouchedFile,
  files: readonly TouchedFile[],
  { root, paths }: Tree,
): Promise<TouchedFile | undefined> {
  const siblings = paths.filter((path) => isOfPackage(path) && dirname(path) === dirname(file.path));
  const touched = files.filter(({ path }) => siblings.includes(path));
  if (!touched.includes(file) || siblings.length < 2) return undefined;
  if (touched.some(({ literals }) => literals.length > 0)) return undefined;
  const members: Member[] = [];
  let text = '';
  for (const path of [file.path, ...siblings.filter((one) => one !== file.path)]) {
    const own = (await readTextIfThere(join(root, path))) ?? '';
    members.push({ path, text: own, start: text.length });
    text += own.endsWith('\n') ? own : `${own}\n`;
  }
  const document = await parseFile(text, file.path);
  if (document === undefined || (document.broken ?? []).length > 0) return undefined;
  return {
    ...file,
    text,
    document,
    members,
    agents: [...new Set(touched.flatMap(({ agents }) => agents))],
    staying: [...new Set(touched.flatMap(({ staying }) => staying))],
  };
}

function isOfPackage(path: string): boolean {
  return path.endsWith('.go') && !path.endsWith('_test.go');
}

/** Parts the edits of a package into those of its files. What other files must know of it goes with the first. */
export function splitEdits(changed: FileEdits, members: readonly Member[] | undefined): readonly FileEdits[] {
  if (members === undefined) return [changed];
  const { links, ...shared } = changed;
  const parts = members.flatMap(({ path, text, start }) => {
    const own = changed.edits.filter(({ span }) => span.start >= start && span.end <= start + text.length);
    const edits = own.map((edit) => {
      const span = { start: edit.span.start - start, end: edit.span.end - start };
      return { ...edit, span };
    });
    return edits.length === 0 ? [] : [{ ...shared, path, before: text, edits }];
  });
  const together = members.map(({ path }) => path);
  return parts.map((part, at) => (at === 0 && links !== undefined ? { ...part, links, together } : part));
}

/** Names the file of a package in which a step stands. */
export function placeOf(step: ManualStep, { members, document }: TouchedFile): ManualStep {
  const offset = document.facts.lineStarts[step.line - 1] ?? 0;
  const member = members?.findLast(({ start }) => start <= offset);
  if (member === undefined) return step;
  const line = step.line - toLine(document.facts.lineStarts, member.start) + 1;
  return { ...step, path: member.path, line };
}
