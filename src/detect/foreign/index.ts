export { toForeignRules, type ForeignConfig } from './config.ts';
export { foreignMatches } from './match.ts';
export type { ForeignRule } from './types.ts';
