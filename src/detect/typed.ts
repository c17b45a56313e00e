/** From so many characters on, order is no chance. */
const LONG_RUN = 8;

/** A drawn text of a token's length does not repeat so many characters. */
const LONG_REPEAT = 6;

/** Longest text that is looked at: in longer ones, as in encoded text, parts come again. */
const MOST_LOOKED_AT = 160;

/** Says why a text was typed, not drawn: its letters or digits, each taken alone, run on, or a part comes again. */
export function whyTyped(text: string): string | undefined {
  if (text.length > MOST_LOOKED_AT) return undefined;
  const letters = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  const digits = text.replaceAll(/\D/g, '');
  if (longestRun(letters) >= LONG_RUN || longestRun(digits) >= LONG_RUN)
    return 'its characters follow the alphabet or the number line';
  return repeats(text) ? 'a part of it comes again' : undefined;
}

/** Longest run of characters that follow one another, nine and zero included; a doubled one goes on. */
function longestRun(text: string): number {
  let run = 1;
  let longest = 0;
  for (let at = 1; at < text.length; at += 1) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    if (step === 1 || step === -9) run += 1;
    else if (step !== 0) run = 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

function repeats(text: string): boolean {
  for (let at = 0; at + 2 * LONG_REPEAT <= text.length; at += 1) {
    const part = text.slice(at, at + LONG_REPEAT);
    if (/^[0-9A-Za-z]+$/.test(part) && text.includes(part, at + LONG_REPEAT)) return true;
  }
  return false;
}

/** Bits in a character below which no token of a machine is: drawn digits alone have three. */
const LEAST_BITS = 2.5;

/** Longest run in a drawn token, and longest walk through the alphabet or the number line. */
const MOST_SAME = 14;
const MOST_IN_ORDER = 26;

/** Says why a text of an exact format is a stand-in all the same: it is far too regular. */
export function whyDull(value: string): string | undefined {
  if (value.length < 20 || value.length > MOST_LOOKED_AT) return undefined;
  const text = value.toLowerCase();
  const inOrder = longestRun(text.replaceAll(/[^a-z0-9]/g, '')) >= MOST_IN_ORDER;
  if (inOrder) return 'its characters follow the alphabet or the number line';
  const same = new RegExp(`(.)\\1{${MOST_SAME}}`).test(text);
  return same || bitsOf(text) < LEAST_BITS ? 'it repeats few characters' : undefined;
}

function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
}
