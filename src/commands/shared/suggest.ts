/** Finds the name that was probably meant: the one with the fewest letters to change, if they are few. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(written.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: distanceBetween(written.slice(0, 100), name) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best !== undefined && best.distance <= most) return best.name;
  return names.find((name) => written.length > 2 && name.includes(written));
}

/** Counts the letters to add, drop or change. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const change = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
