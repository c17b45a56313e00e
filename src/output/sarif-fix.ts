import type { Finding } from '../model/finding.ts';
import { toUri } from './uri.ts';

/** Files in which a value can be replaced by a reference, and how one is written there. */
const references: readonly { readonly path: RegExp; readonly write: (name: string) => string }[] = [
  { path: /(^|\/)\.github\/workflows\/[^/]+\.ya?ml$/, write: (name) => `\${{ secrets.${name} }}` },
  { path: /(^|\/)(docker-)?compose[\w.-]*\.ya?ml$/, write: (name) => `\${${name}}` },
  { path: /(^|\/)\.?mcp\.json$/, write: (name) => `\${${name}}` },
];

/** Proposes to take the value out: a reference where the file knows references, else nothing in its place. */
export function toFix({ name, location }: Finding): object {
  const { path, startLine, startColumn, endLine, endColumn } = location;
  const variable = (name ?? '').replaceAll(/\W+/g, '_').toUpperCase();
  const reference = references.find((one) => one.path.test(path));
  const text = reference === undefined || !/^[A-Z_]\w*$/.test(variable) ? '' : reference.write(variable);
  return {
    description: {
      text: 'Take the value out, and revoke it: it is in the history. agent-id migrate gives what reads it an own identity.',
    },
    artifactChanges: [
      {
        artifactLocation: { uri: toUri(path), uriBaseId: '%SRCROOT%' },
        replacements: [
          { deletedRegion: { startLine, startColumn, endLine, endColumn }, insertedContent: { text } },
        ],
      },
    ],
  };
}
