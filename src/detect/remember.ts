/** Texts that are remembered at most, and characters of one: a hostile file may hold any number of either. */
const MOST = 4096;
const LONGEST = 700;

/**
 * Makes a function of texts that need not be asked twice about the same ones, while it remembers them: files repeat
 * their values, and versions of a file repeat each other.
 */
export function remember<Found>(find: (text: string) => Found): (text: string) => Found {
  const known = new Map<string, Found>();
  return (text) => {
    if (text.length > LONGEST) return find(text);
    // A part of a larger text would keep all of it.
    const own = `\0${text}`;
    const before = known.get(own);
    if (before !== undefined) return before;
    const found = find(text);
    if (known.size >= MOST) known.clear();
    known.set(own, found);
    return found;
  };
}
