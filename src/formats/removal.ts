/** Gives the comment that stands where an entry was: it names the entry and the reason, never the value. */
export function removalComment(mark: string, name: string | null, reason: string): string {
  return `${mark} ${name ?? 'a value'} removed by agent-id: ${reason.replaceAll(/\s+/g, ' ').trim()}`;
}
