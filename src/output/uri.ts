/** Writes a path as a relative URI; half a surrogate pair, which no URI can hold, becomes a replacement character. */
export function toUri(path: string): string {
  return path
    .replace(/[\uD800-\uDFFF]/gu, '\uFFFD')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}
