import type { Draft } from '../draft.ts';
import { loadTreeParser } from '../tree-parser.ts';
import { shellFacts } from './facts.ts';

/**
 * Reads the facts of a script that stands inside another file. Spans are offsets in the script. `masked` is the same
 * text with what is no shell covered by as many letters.
 */
export type ReadScript = (script: string, masked?: string) => Draft;

/** Loads the shell grammar, once. Throws `unreadable` where the build did not unpack it. */
export async function loadScriptReader(): Promise<ReadScript> {
  const parse = await loadTreeParser('tree-sitter-bash');
  const toRoot = (text: string) => parse(text).root;
  return (script, masked = script) => shellFacts(toRoot(masked), script, toRoot);
}
