import { createEngine, decodeLayers, mayHoldLayers, type RuleSet } from '../detect/index.ts';
import { decodeText, isUnusual } from '../lib/text.ts';

/** Tells which files must be decoded at all. */
export type Sieve = (bytes: Buffer) => boolean;

/** Makes a sieve for rules: what it holds back, no rule finds anything in. Each thread needs its own. */
export function createSieve(rules: RuleSet): Sieve {
  const engine = createEngine(rules);
  const holds: Sieve = (bytes) => engine.scan(bytes, 0, bytes.length).length > 0;
  return (bytes) => isUnusual(bytes) || holds(bytes) || layersHold(bytes, holds);
}

/** Encoded text is common, such as that of certificates and digests; what it says is looked at like a file. */
function layersHold(bytes: Buffer, holds: Sieve): boolean {
  if (!mayHoldLayers(bytes, 0, bytes.length)) return false;
  const decoded = decodeText(bytes);
  return 'text' in decoded && decodeLayers(decoded.text).some((layer) => holds(Buffer.from(layer.text)));
}
