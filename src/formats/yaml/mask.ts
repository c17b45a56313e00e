/**
 * Covers `{{ … }}` so that a template parses, with as many characters, so that every offset stays: a line of its own
 * becomes a comment, the rest a word.
 */
export function maskTemplates(text: string): string {
  return text.replaceAll(
    /^([ \t]*)(\{\{[^\n]*\}\})([ \t]*\r?)$|\{\{[^\n]*?\}\}/gm,
    (all, ...parts: unknown[]) => {
      const [indent, body, rest] = parts;
      if (typeof indent !== 'string' || typeof body !== 'string') return 'x'.repeat(all.length);
      return `${indent}#${'x'.repeat(body.length - 1)}${typeof rest === 'string' ? rest : ''}`;
    },
  );
}
