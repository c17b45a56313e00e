/** Finds the name that was probably meant: a slip of a letter or two, else all of its words, else few letters to change. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: distanceBetween(written.slice(0, 100), name) }))
    .sort((a, b) => a.distance - b.distance);
  const words = written.split('-').filter((word) => word.length > 2);
  const within = (most: number): string | undefined => ranked.find(({ distance }) => distance <= most)?.name;
  const holding = ranked.find(
    ({ name }) => words.length > 0 && words.every((word) => name.includes(word)),
  )?.name;
  return (
    within(Math.min(2, Math.floor(written.length / 2))) ?? holding ?? within(Math.floor(written.length / 3))
  );
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
