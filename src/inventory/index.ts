export { askedByAgents, type Asked } from './asked.ts';
export { codeownersPaths, parseCodeowners } from './codeowners.ts';
export { impact, unresolvedFor } from './impact.ts';
export { blameQuestions, withOwners, type OwnerSources } from './owners.ts';
export { toScopeTable } from './scope-table.ts';
export { toSecretMap } from './secret-map.ts';
export type { ScopeTable, SourceFile } from './types.ts';
