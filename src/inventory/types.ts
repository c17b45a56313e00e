import type { Lock } from '../model/agent.ts';
import type { FileFacts } from '../model/facts.ts';
import type { Finding } from '../model/finding.ts';

/** One parsed file. The text stays in memory and never reaches a record. */
export interface SourceFile {
  readonly facts: FileFacts;
  readonly text: string;
}

/** One line of a CODEOWNERS file. No owners means: nobody, on purpose. */
export interface CodeownersRule {
  readonly line: number;
  readonly pattern: string;
  readonly owners: readonly string[];
}

/** One operation of an API. Scopes are all needed together. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly scopes: readonly string[];
  /** No OAuth scope covers it: only an API token may call it. With no scopes and not so, anybody may. */
  readonly tokenOnly: boolean;
}

/** Which operation a path or an SDK's method reaches. */
export interface ScopeTable {
  readonly api: string;
  readonly byPath: (method: string, path: string) => Operation | undefined;
  /** Methods with which a path exists, for one whose method is not known. */
  readonly methodsOf: (path: string) => readonly string[];
  readonly byMethod: (language: SdkLanguage, callee: readonly string[]) => Operation | undefined;
}

export type SdkLanguage = 'javascript' | 'python' | 'go';

/** All that the map is made of. Everything is passed in; nothing here reads a disk. */
export interface InventoryInput {
  readonly findings: readonly Finding[];
  readonly sources: readonly SourceFile[];
  /** Every path of the tree, also of files that were not parsed. */
  readonly paths: readonly string[];
  readonly lock: Lock | null;
  readonly scopes: ScopeTable | null;
  /** Name of the scanned folder, for a consumer that is the whole of it. */
  readonly rootName: string;
}
