export { isCode } from './candidates/code.ts';
export { decodeLayers } from './decode/index.ts';
export { mayHoldLayers } from './decode/may-hold.ts';
export { toTextMarks } from './engine/marks.ts';
export {
  packTables,
  toEngineTables,
  unpackTables,
  type EngineTables,
  type PackedTables,
} from './engine/tables.ts';
export { createEngine, type ByteRange, type Candidate, type Engine } from './engine/index.ts';
export { toBaseline, withBaseline, type BaselineView } from './baseline.ts';
export { createFingerprint, defaultKey } from './fingerprint.ts';
export { groupOf, idOf, toFindings, type Keep, type Seen } from './findings.ts';
export { createPathMask, toNameText } from './mask-path.ts';
export { whyLine } from './why-line.ts';
export { matchFile, type Match, type TextPlace } from './match.ts';
export { namedMatch } from './uses.ts';
export { isWorthParsing } from './worth.ts';
export {
  addedEntries,
  policyRule,
  toPolicyFindings,
  withEarlierIgnores,
  type PolicyChange,
} from './policy.ts';
export { toRuleSet, type CompiledRule, type RuleSet } from './rule-set.ts';
export { toForeignRules, type ForeignConfig } from './foreign/config.ts';
export { foreignMatches, toAnyPath } from './foreign/match.ts';
export type { ForeignRule } from './foreign/types.ts';
