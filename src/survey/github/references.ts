/** What a workflow or an action reads of what the host keeps. */
export interface Reference {
  readonly kind: 'secret' | 'variable';
  /** In upper case, as the host compares; `*` where all are handed on. */
  readonly name: string;
  readonly line: number;
}

/** Files in which such references mean something. */
export const workflowPath = /(^|\/)(\.github\/workflows\/[^/]+\.ya?ml|action\.ya?ml)$/;

const reference =
  /(?<![\w-])(?:(secrets|vars)\s*(?:\.\s*([A-Za-z_]\w{0,200})|\[\s*['"]([A-Za-z_]\w{0,200})['"]\s*\])|(secrets):\s*inherit\b|toJSON\(\s*(secrets|vars)\s*\))/gi;

/** Finds what a workflow reads by name, and where it hands on everything. */
export function findReferences(text: string): readonly Reference[] {
  const found: Reference[] = [];
  for (const [n, line] of text.split('\n').entries()) {
    if (line.trimStart().startsWith('#')) continue;
    for (const [, context, dotted, indexed, inherited, dumped] of line.matchAll(reference)) {
      const kind = /^vars$/i.test(context ?? dumped ?? inherited ?? '') ? 'variable' : 'secret';
      found.push({ kind, name: (dotted ?? indexed ?? '*').toUpperCase(), line: n + 1 });
    }
  }
  return found;
}
