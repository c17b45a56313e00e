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
