import type { ForeignRule } from '../foreign/types.ts';
import { hostileTexts } from './hostile.ts';
import { isNested } from './refusal.ts';
import type { SlowText } from './slow.ts';

/** Milliseconds that a pattern of another scanner may take for a short text. */
const LIMIT = 500;
/** On a text as short as this only what doubles with each character takes long. */
const SHORT = 32;

/**
 * Says why a pattern of another scanner, whose engine may be of another kind, must not be tried: it repeats what repeats,
 * and takes for ever on a text that nearly matches. Undefined for all others.
 */
export function whyExplosive({ pattern, keywords }: ForeignRule, slowText: SlowText): string | undefined {
  if (pattern === undefined || !isNested(pattern.source)) return undefined;
  const texts = hostileTexts({ keywords }, pattern.source).map((text) => text.slice(0, SHORT));
  const found = slowText(pattern.source, pattern.flags, texts, LIMIT);
  return found === undefined
    ? undefined
    : `a repetition within a repetition, which takes more than ${LIMIT} ms on ${SHORT} characters that nearly match`;
}
