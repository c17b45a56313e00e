import { basename, resolve } from 'node:path';
import { defaultKey, policyRule, toRuleSet, type Keep, type RuleSet } from '../../detect/index.ts';
import { configName, noConfig, readConfig, type Config } from '../../lib/config.ts';
import { repositoryTop } from '../../lib/find-up.ts';
import { runGit, gitTop, splitNul } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { readLock } from '../../lib/lock-file.ts';
import { readRules } from '../../lib/rules.ts';
import { assertOwnIds, noRules, readOwnRules, readRuleFile, ruleFiles, type OwnRules } from './own-rules.ts';
import { realPath } from '../../lib/walk.ts';
import type { SecretMap } from '../../model/consumer.ts';
import type { Lock } from '../../model/agent.ts';
import type { Location } from '../../model/place.ts';
import type { Finding } from '../../model/finding.ts';
import type { Rule } from '../../model/rule.ts';
import { toPathFilter } from '../../sources/glob.ts';
import { joinSources } from '../../sources/joined.ts';
import { toRelative } from '../../sources/listing.ts';
import { keepPaths } from '../../sources/narrow.ts';
import { openTree } from '../../sources/tree.ts';
import type { TextSource } from '../../sources/types.ts';
import { mapTree, type TreeView } from '../../survey/map-tree.ts';
import { scanSource, type ScanResult } from '../../survey/scan-tree.ts';

/** Global settings of a command line. */
export interface GlobalOptions {
  readonly config?: string | false;
  /** Files of rules: our YAML, or the TOML of gitleaks or betterleaks. */
  readonly rules?: readonly string[];
}

/** Rules, settings and key: what every look at a tree needs. */
export interface Eyes {
  readonly root: string;
  /** Top of the repository, where settings and baseline lie; the root itself outside a repository. */
  readonly top: string;
  /** Path from the top to the root, ending in `/`; empty at the top. */
  readonly below: string;
  readonly rules: RuleSet;
  readonly ruleList: readonly Rule[];
  readonly builtIn: readonly Rule[];
  readonly own: OwnRules;
  readonly config: Config;
  readonly key: string;
  /** The key is the fixed constant. */
  readonly unkeyed: boolean;
  /** Is given the values of what is found, where providers are to be asked about them. */
  readonly keep?: Keep;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Opens rules and settings for a root. */
export async function openEyes(root: string, options: GlobalOptions, io: Io): Promise<Eyes> {
  const top = await repositoryTop(await realPath(root));
  const builtIn = await readRules();
  const config = await settingsFor(top, options, io);
  for (const field of config.unknown)
    io.stderr(`warning: ${configName} has a field that is not known: ${field}\n`);
  const below = toRelative(top, await realPath(root));
  const eyes = {
    root,
    top,
    below: below === '' ? '' : `${below}/`,
    ...toAllRules(builtIn, await openRules(top, options, config, io)),
    config,
    now: io.clock(),
  };
  return withKey(eyes, io);
}

function openRules(
  top: string,
  { rules = [] }: GlobalOptions,
  config: Config,
  { cwd }: Io,
): Promise<OwnRules> | OwnRules {
  const files = ruleFiles(rules, config, cwd, top);
  return files.length === 0 ? noRules : readOwnRules(files, readRuleFile);
}

/** Puts own rules beside the built-in ones. Throws `malformed` where two have one id. */
export function toAllRules(
  builtIn: readonly Rule[],
  own: OwnRules,
): Pick<Eyes, 'rules' | 'ruleList' | 'builtIn' | 'own'> {
  assertOwnIds([...builtIn, policyRule], own.rules);
  const all = [...builtIn, ...own.rules];
  return { rules: toRuleSet(all, own.foreign), ruleList: [...all, policyRule], builtIn, own };
}

/** Takes the key of fingerprints from the environment, else from the settings, else the constant. */
export function withKey(eyes: Omit<Eyes, 'key' | 'unkeyed'>, io: Io): Eyes {
  const given = io.env['AGENT_ID_FINGERPRINT_KEY'];
  const chosen = given === undefined || given === '' ? (eyes.config.salt ?? undefined) : given;
  return { ...eyes, key: chosen ?? defaultKey, unkeyed: chosen === undefined };
}

async function settingsFor(root: string, { config }: GlobalOptions, io: Io): Promise<Config> {
  if (config === false) return noConfig;
  return typeof config === 'string' ? readConfig(root, resolve(io.cwd, config)) : readConfig(root);
}

export interface Surveyed {
  readonly map: SecretMap;
  readonly scan: ScanResult;
  readonly lock: Lock;
  readonly paths: readonly string[];
}

/** Scans and maps a folder. */
export async function surveyFolder(eyes: Eyes, maxBytes: number, source?: TextSource): Promise<Surveyed> {
  const { view, ...rest } = await viewFolder(eyes, maxBytes, source);
  return { ...rest, map: await mapTree(view) };
}

/** Scans a folder, and gives what a map is made of. */
export async function viewFolder(
  eyes: Eyes,
  maxBytes: number,
  given?: TextSource,
): Promise<Omit<Surveyed, 'map'> & { readonly view: TreeView }> {
  const { root } = eyes;
  const source = given ?? (await openPlaces([root], eyes, maxBytes));
  const scan = await scanSource(source, eyes);
  const lock = await readLock(root);
  const view: TreeView = {
    rootName: basename(root),
    findings: toMapped(scan.findings),
    paths: source.paths,
    read: async (path) => {
      const decoded = await source.read(path);
      return 'text' in decoded ? decoded.text : undefined;
    },
    lock,
    tracked: await trackedPaths(root),
    blame: (places) => blameLines(root, places),
  };
  return { view, scan, lock, paths: source.paths };
}

/**
 * A comment may silence a place in `scan`, but it does not make a
 * consumer go away: an ignored use stays, and so does an ignored value that also stands where nobody ignored it.
 */
function toMapped(findings: readonly Finding[]): readonly Finding[] {
  const known = new Set(findings.filter(({ state }) => state !== 'ignored').map(({ secret }) => secret));
  return findings.filter(
    ({ state, kind, secret }) => state !== 'ignored' || kind === 'use' || known.has(secret),
  );
}

/**
 * Opens files and folders as one tree, with paths from the root, and with what git ignores and usually holds secrets.
 * Globs of the settings are about paths from the top of the repository; they leave out no file that a person named.
 */
export async function openPlaces(
  places: readonly string[],
  { config, root, below }: Eyes,
  maxBytes: number,
): Promise<TextSource> {
  const options = { maxBytes, include: [], exclude: [], local: true };
  const trees = await Promise.all(places.map((place) => openTree(place, options)));
  const top = await realPath(root);
  const named = new Set(places.map((place) => toRelative(top, place)));
  const isMeant = toPathFilter(config.include, config.exclude);
  return keepPaths(joinSources(top, trees), (path) => named.has(path) || isMeant(`${below}${path}`));
}

async function trackedPaths(root: string): Promise<ReadonlySet<string> | null> {
  if ((await gitTop(root)) === undefined) return null;
  const { code, stdout } = await runGit(root, ['ls-files', '-z', '--cached', '--', '.']);
  return code === 0 ? new Set(splitNul(stdout)) : null;
}

/** Asks git who wrote each line; lines without an answer are left out. */
async function blameLines(root: string, places: readonly Location[]): Promise<ReadonlyMap<string, string>> {
  const authors = new Map<string, string>();
  if ((await gitTop(root)) === undefined) return authors;
  for (const { path, startLine } of places.slice(0, 500)) {
    const { code, stdout } = await runGit(root, [
      'blame',
      '--no-textconv',
      '--line-porcelain',
      '-L',
      `${startLine},${startLine}`,
      'HEAD',
      '--',
      path,
    ]);
    const author = code === 0 ? /^author-mail <(.*)>$/m.exec(stdout.toString())?.[1] : undefined;
    if (author !== undefined) authors.set(`${path}:${startLine}`, author);
  }
  return authors;
}
