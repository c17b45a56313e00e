import { printable } from './error.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for an element or an attribute of XML or HTML; control characters become visible, since XML forbids them. */
export function escapeXml(text: string): string {
  return printable(text)
    .replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
