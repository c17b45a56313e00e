/**
 * Compiles a glob of `*`, `**`, `?` and `{a,b}` over paths with `/`. One without a slash matches a name in any
 * folder; what matches a folder matches all below it.
 */
export function toGlob(glob: string): RegExp {
  const trimmed = glob.replace(/^\.?\//, '').replace(/\/+$/, '');
  const source = translate(trimmed);
  return new RegExp(trimmed.includes('/') ? `^${source}(?:/|$)` : `(?:^|/)${source}(?:/|$)`);
}

function translate(glob: string): string {
  let source = '';
  let depth = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob.charAt(at);
    if (glob.startsWith('**/', at)) {
      source += '(?:[^/]+/)*';
      at += 2;
    } else if (glob.startsWith('**', at)) {
      source += '.*';
      at += 1;
    } else if (character === '{' && glob.indexOf('}', at) !== -1) {
      depth += 1;
      source += '(?:';
    } else if (character === '}' && depth > 0) {
      depth -= 1;
      source += ')';
    } else source += one(character, depth);
  }
  return source;
}

function one(character: string, depth: number): string {
  if (character === '*') return '[^/]*';
  if (character === '?') return '[^/]';
  if (character === ',' && depth > 0) return '|';
  return character.replace(/[.+^${}()|[\]\\]/, '\\$&');
}

/** Makes the test that `--include` and `--exclude` stand for. */
export function toPathFilter(
  include: readonly string[],
  exclude: readonly string[],
): (path: string) => boolean {
  const wanted = include.map(toGlob);
  const unwanted = exclude.map(toGlob);
  return (path) =>
    (wanted.length === 0 || wanted.some((glob) => glob.test(path))) &&
    !unwanted.some((glob) => glob.test(path));
}
