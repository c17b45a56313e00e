import type { Span } from '../../model/place.ts';
import { spanOf, textOf, visit, type Node } from '../tree.ts';

/** Code that says where the script itself lies. */
const ownPlace = /dirname|BASH_SOURCE|\$\{?0|\$\{?PWD|rev-parse|\bpwd\b/;

/**
 * Finds the first place at which a script takes variables from outside of the repository: a sourced file, or the
 * output of a command that is exported or evaluated. What it sets there wins over what the script was started with.
 */
export function foreignLoad(root: Node, text: string): Span | undefined {
  let found: Span | undefined;
  visit(root, (node) => {
    if (node.type !== 'command' && node.type !== 'declaration_command') return;
    if (loadsForeign(textOf(node, text), text)) found ??= spanOf(node);
  });
  return found;
}

function loadsForeign(command: string, script: string): boolean {
  const sourced = /^(?:\.|source)\s+(\S.*)$/s.exec(command)?.[1];
  if (sourced !== undefined) return isForeign(sourced, script);
  const output = /^(?:export|declare|typeset|readonly|eval)\s+(?:-\w+\s+)*["']?(?:\$\(|`|<\()(.*)$/s.exec(
    command,
  );
  if (output === null) return false;
  const words = (output[1] ?? '').split(/[\s"'`()|<>;]+/);
  // Without a file of the repository the variables come from elsewhere.
  const files = words.filter((word) => /[./~]/.test(word) && !/^[-^]|[*\\[\]]/.test(word));
  return files.length === 0 || files.some((file) => isForeign(file, script));
}

function isForeign(written: string, script: string): boolean {
  const path = written.replace(/^["']/, '');
  if (/^(?:\/|~|<|`)/.test(path)) return true;
  if (!path.startsWith('$')) return false;
  if (ownPlace.test(path)) return false;
  const variable = /^\$\{?(\w+)/.exec(path)?.[1];
  const assigned = script.split('\n').filter((line) => new RegExp(`\\b${variable ?? ''}=`).test(line));
  return variable === undefined || !assigned.some((line) => ownPlace.test(line));
}
