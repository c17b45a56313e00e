/** Reads scopes as providers write them: a text with blanks between them, or a list; none of anything else. */
export function readScopeList(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : [];
}
