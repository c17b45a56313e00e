import { createHash } from 'node:crypto';

/**
 * The first 16 hex digits of the SHA-256 of values that their vendors print in documentation, samples and emulators:
 * keys of Google's sample apps, Stripe's test keys, the keys of Azure's storage and Cosmos DB emulators, Telegram's and
 * SendGrid's examples. Hashes, so that no value stands in this repository.
 */
const published: ReadonlySet<string> = new Set(
  `b7d61096898ce748 2037abcaffb2b777 3f370c9dd8225c63 e4a5542bb7fd7b67 a19f89ab3555eac1 0b476bdf9acf2123
  eb540d2b6ee2a0a4 37f8f09bdf12c2f2 8731261cb72d8626 49f777db995e8260 27a9a42931dff7eb dc0fcf046c61640c
  4c98242dcadc8b29 ea9bb1082cf95663 3a8b61d0f636b007 a6c814bc555ae62c 2cafc0970149a84f f2d6ca16515033e5
  2d1f7723aabc5c7a 0011cc25eb432071 aa6547439583c3a2 78314b11be2e5815 0b5dd075ccdd03c4 02091175c1ae3023`.split(
    /\s+/,
  ),
);

/** Says whether a vendor prints this very value as an example: everybody knows it, and it opens nothing. */
export function isPublished(value: string): boolean {
  return published.has(createHash('sha256').update(value).digest('hex').slice(0, 16));
}
