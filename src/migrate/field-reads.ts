import { applyEdits } from '../formats/index.ts';
import type { ManualStep } from '../model/plan.ts';
import { mentionsModule, toSteps, type Other } from './beside.ts';
import type { FileEdits } from './edits.ts';

/** A text as it will be: what is followed in it is gone. */
export function afterEdits(other: Other, changed: readonly FileEdits[]): Other {
  const edits = changed.filter(({ path }) => path === other.path).flatMap((one) => one.edits);
  return { ...other, text: applyEdits(other.text, edits) };
}

/** A field that goes is read of an object, or by a class that extends the one that had it. */
export function whyFieldRead(
  file: FileEdits,
  dropped: readonly string[],
  other: Other,
): readonly ManualStep[] {
  const { path, text } = other;
  if (!mentionsModule(other, file.path)) return [];
  return dropped.flatMap((name) => {
    if (!name.startsWith('.')) return [];
    const field = name.slice(1).replaceAll('$', '\\$');
    const reads = new RegExp(
      `([\\w$]+|[)\\]])\\??\\.${field}(?![\\w$])|\\{[^{}]*(?<![\\w$])${field}(?![\\w$])[^{}]*\\}\\s*=`,
      'g',
    );
    const found = [...text.matchAll(reads)].find(([, of]) => of !== 'this' || /\bextends\b/.test(text));
    if (found === undefined) return [];
    const line = text.slice(0, found.index).split('\n').length;
    return toSteps(
      file,
      { path, line },
      `${name} of what ${file.path} makes may be read here, and it would be gone`,
    );
  });
}
