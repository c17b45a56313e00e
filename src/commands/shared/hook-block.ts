/** Marks what is ours in a hook. */
export const hookMark = '# agent-id hook';

const end = `${hookMark} ends`;

const block = `${hookMark}: scans what is staged; agent-id hook uninstall takes it out
command -v agent-id >/dev/null 2>&1 || { echo 'agent-id is not on the PATH: what is staged was not scanned' >&2; exit 1; }
agent-id hook run || exit $?
${end}
`;

/** Puts our block into a shell script, before anything that could end it; `undefined` for a script of another kind. */
export function withBlock(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return `#!/bin/sh\n${block}`;
  const lines = text.split(/(?<=\n)/);
  if (text.startsWith('#!') && !/^#!\s*\S*(?:\/|env\s+)(?:ba|da|z|k)?sh\b/.test(lines[0] ?? ''))
    return undefined;
  const at = lines.findIndex((line) => !/^(?:#|\. |\s*$)/.test(line));
  const before = lines.slice(0, at === -1 ? lines.length : at).join('');
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${gap}${block}${at === -1 ? '' : lines.slice(at).join('')}`;
}

/** Takes our block out again; nothing is left of a script that held nothing else. */
export function withoutBlock(text: string): string {
  const from = text.indexOf(`${hookMark}:`);
  const last = text.indexOf(end, from);
  if (from === -1 || last === -1) return text;
  const after = text.slice(last + end.length).replace(/^\r?\n/, '');
  const left = text.slice(0, from) + after;
  return left.trim() === '#!/bin/sh' ? '' : left;
}
