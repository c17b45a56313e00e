import {
  createEngine,
  decodeLayers,
  mayHoldLayers,
  type Candidate,
  type CompiledRule,
  type RuleSet,
} from '../detect/index.ts';
import { credentialNames } from '../formats/credentials/index.ts';
import { decodeText, isUnusual } from '../lib/text.ts';

/** What a file may hold, judged by its bytes. */
export interface Likely {
  /** Rules whose pattern matches its text; undefined where that was not looked at. */
  readonly patterns?: readonly CompiledRule[];
}

/** Tells which files must be decoded: undefined for those in which no rule finds anything. */
export type Sieve = (bytes: Buffer, path: string) => Likely | undefined;

/** Formats in which a value is a quoted literal. */
const code = /\.(?:[cm]?[jt]sx?|pyw?|go)$/;

/** Formats in which a name may stand far from its value: a column's head, a block's label. */
const apart = /\.(?:tf|hcl|csv|tsv)$/;

/** Makes a sieve of rules. It keeps buffers between calls: each thread needs its own. */
export function createSieve(rules: RuleSet): Sieve {
  const engine = createEngine(rules);
  const look = (bytes: Buffer): readonly Candidate[] => engine.scan(bytes, 0, bytes.length);
  const holds = (bytes: Buffer): boolean => look(bytes).length > 0;
  /** The path of some files says that they hold credentials. */
  const isFiled = (path: string): boolean => rules.ofPath(path).length > 0;
  return (bytes, path) => {
    // Rules of other scanners have no anchors that the engine knows.
    if (isUnusual(bytes) || apart.test(path) || rules.foreign.length > 0 || credentialNames.test(path)) return {};
    const found = engine.scan(bytes, 0, bytes.length, code.test(path));
    if (found.length === 0 && !isFiled(path) && !layersHold(bytes, holds)) return undefined;
    return { patterns: [...new Set(found.flatMap(({ rule }) => rule ?? []))] };
  };
}

/** Encoded text is common, such as that of certificates and digests; what it says is looked at like a file. */
function layersHold(bytes: Buffer, holds: (bytes: Buffer) => boolean): boolean {
  if (!mayHoldLayers(bytes, 0, bytes.length)) return false;
  const decoded = decodeText(bytes);
  return 'text' in decoded && decodeLayers(decoded.text).some((layer) => holds(Buffer.from(layer.text)));
}
