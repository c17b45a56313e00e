/** Joins a key to a key path; a key that would not read back is quoted: `labels["a.b/c"]`. */
export function joinKey(path: string, key: string): string {
  if (/[.[\]"]/.test(key) || key === '') return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
