import {
  askedByAgents,
  blameQuestions,
  parseCodeowners,
  toScopeTable,
  toSecretMap,
  withOwners,
  codeownersPaths,
} from '../inventory/index.ts';
import type { Asked, OwnerSources, ScopeTable } from '../inventory/index.ts';
import type { Lock } from '../model/agent.ts';
import type { SecretMap } from '../model/consumer.ts';
import type { Finding } from '../model/finding.ts';
import type { Location } from '../model/place.ts';
import { selectSources } from './map-sources.ts';

/** What mapping needs of a tree that was scanned. */
export interface TreeView {
  /** Name of the scanned folder. */
  readonly rootName: string;
  readonly findings: readonly Finding[];
  /** Every path of the tree, `/`-separated. */
  readonly paths: readonly string[];
  /** Gives a file's text; undefined where it is binary, too large or unreadable. */
  readonly read: (path: string) => Promise<string | undefined>;
  readonly lock: Lock | null;
  /** Paths that git tracks; null without git. */
  readonly tracked: ReadonlySet<string> | null;
  /** Author of each line asked for, by `PATH:LINE`; empty without history. */
  readonly blame: (lines: readonly Location[]) => Promise<ReadonlyMap<string, string>>;
}

/** Maps the secrets of a tree to their consumers, scopes and owners. Files that cannot be read are left out. */
export async function mapTree(tree: TreeView): Promise<SecretMap> {
  const sources = await selectSources(tree);
  const map = toSecretMap({
    findings: tree.findings,
    sources,
    paths: tree.paths,
    lock: tree.lock,
    scopes: await scopesFor(tree.findings.map(({ provider }) => provider)),
    rootName: tree.rootName,
  });
  const codeowners = await readCodeowners(tree);
  const blame = await tree.blame(blameQuestions(map, codeowners));
  return withOwners(map, { codeowners, blame, tracked: tree.tracked });
}

/** Reads what the code of each agent of the lock asks for today. */
export async function askTree(tree: TreeView): Promise<ReadonlyMap<string, Asked>> {
  const { findings, lock, paths, rootName } = tree;
  const providers = Object.values(lock?.secrets ?? {}).map(({ provider }) => provider);
  const scopes = await scopesFor([...findings.map(({ provider }) => provider), ...providers]);
  return askedByAgents({ findings, sources: await selectSources(tree), paths, lock, scopes, rootName });
}

/** The table is large: it is loaded only where a secret of its provider was found. */
async function scopesFor(providers: readonly string[]): Promise<ScopeTable | null> {
  if (!providers.includes('okta')) return null;
  const { default: table } = await import('../../rules/scopes/okta.json', { with: { type: 'json' } });
  return toScopeTable(table);
}

async function readCodeowners(tree: TreeView): Promise<OwnerSources['codeowners']> {
  for (const path of codeownersPaths) {
    const text = tree.paths.includes(path) ? await tree.read(path) : undefined;
    if (text !== undefined) return { path, rules: parseCodeowners(text) };
  }
  return null;
}
