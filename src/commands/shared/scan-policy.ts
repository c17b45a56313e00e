import { join, relative, resolve, sep } from 'node:path';
import {
  addedEntries,
  createFingerprint,
  toPolicyFindings,
  withEarlierIgnores,
  type PolicyChange,
} from '../../detect/index.ts';
import { baselineName, parseBaseline } from '../../lib/baseline.ts';
import { configName, noConfig, parseConfig, type Config } from '../../lib/config.ts';
import { readTextIfThere } from '../../lib/files.ts';
import { readCommitted, renamesSince, resolveCommit } from '../../lib/git-commit.ts';
import type { Io } from '../../lib/io.ts';
import type { Baseline } from '../../model/baseline.ts';
import type { Finding } from '../../model/finding.ts';
import { openTexts } from '../../sources/memory.ts';
import { scanSource } from '../../survey/scan-tree.ts';
import {
  noRules,
  readOwnRules,
  readRuleFile,
  ruleFiles,
  type OwnRules,
  type ReadRules,
  type RuleFile,
} from './own-rules.ts';
import type { ScanFlags } from './scan-flags.ts';
import { toAllRules, withKey, type Eyes } from './survey.ts';

/** Settings and baseline as they stood at a commit. */
export interface Policy {
  readonly eyes: Eyes;
  /** Null where the baseline is a file that no pull request can change. */
  readonly baseline: Baseline | null;
  /** Judges by comments as they stood there too, and adds every change of policy as a finding. */
  readonly judge: (findings: readonly Finding[]) => Promise<readonly Finding[]>;
}

interface Before {
  /** Full name of the commit. */
  readonly commit: string;
  readonly eyes: Eyes;
  readonly changes: readonly PolicyChange[];
}

/**
 * Reads what counts for `--since REF`: nobody lets an own change pass by changing the settings with it. Throws
 * `unknown-name` where there is no such commit.
 */
export async function openPolicy(ref: string, eyes: Eyes, flags: ScanFlags, io: Io): Promise<Policy> {
  const commit = await resolveCommit(eyes.top, ref);
  const settings = await compareSettings(fileOf(flags.config, configName, eyes, io), commit, eyes);
  const accepted = await compareBaselines(fileOf(flags.baseline, baselineName, eyes, io), commit, eyes);
  const config = settings.before ?? eyes.config;
  const own = await rulesAt(commit, ruleFiles(flags.rules ?? [], config, io.cwd, eyes.top), eyes);
  const then = withKey(
    {
      ...eyes,
      ...toAllRules(eyes.builtIn, own),
      config: { ...config, salt: config.salt ?? eyes.config.salt },
    },
    io,
  );
  const changes = [...settings.changes, ...ruleChanges(own, eyes), ...accepted.changes];
  return {
    eyes: then,
    baseline: accepted.before,
    judge: (findings) => withPolicy(findings, { commit, eyes: then, changes }),
  };
}

/** Path of a policy file from the top; null for none, and for one outside the repository. */
function fileOf(given: string | boolean | undefined, name: string, { top }: Eyes, io: Io): string | null {
  if (given === false) return null;
  return fromTop(typeof given === 'string' ? resolve(io.cwd, given) : join(top, name), top);
}

function fromTop(path: string, top: string): string | null {
  const below = relative(top, path);
  return below.startsWith('..') ? null : below.split(sep).join('/');
}

interface Compared<T> {
  readonly before: T | null;
  readonly changes: readonly PolicyChange[];
}

async function compareSettings(file: string | null, commit: string, eyes: Eyes): Promise<Compared<Config>> {
  if (file === null) return { before: null, changes: [] };
  const text = await readCommitted(eyes.top, commit, file);
  const before = text === undefined ? noConfig : await parseConfig(text, `${commit.slice(0, 9)}:${file}`);
  const now = (await readTextIfThere(join(eyes.top, file))) ?? '';
  const path = fromRoot(file, eyes);
  return {
    before,
    changes: settingsChanges(before, eyes.config).map(({ key, what }) => ({
      path,
      line: lineOf(now, new RegExp(`^\\s*["']?${key}["']?\\s*:`)),
      what,
    })),
  };
}

interface SettingsChange {
  readonly key: string;
  readonly what: string;
}

/** Lists what lets the scan pass over more, or judge by other measures. */
function settingsChanges(before: Config, after: Config): readonly SettingsChange[] {
  const excluded = after.exclude
    .filter((glob) => !before.exclude.includes(glob))
    .map((glob) => ({ key: 'exclude', what: `scan.exclude leaves out ${glob}` }));
  const same = JSON.stringify(before.include) === JSON.stringify(after.include);
  const included = {
    key: 'include',
    what: `scan.include is now ${after.include.join(', ') || 'everything'}`,
  };
  const salted = { key: 'salt', what: 'fingerprint.salt is another: what was accepted is no longer known' };
  return [
    ...excluded,
    ...(same ? [] : [included]),
    ...(before.salt === null || before.salt === after.salt ? [] : [salted]),
  ];
}

/** Reads files of rules as they stood at a commit: those outside of the repository as they are, new ones not at all. */
async function rulesAt(commit: string, files: readonly RuleFile[], { top, own }: Eyes): Promise<OwnRules> {
  if (files.length === 0) return own.texts.size === 0 ? own : noRules;
  const read: ReadRules = async (file) => {
    const path = fromTop(file.path, top);
    return path === null ? readRuleFile(file) : readCommitted(top, commit, path);
  };
  const there = await Promise.all(
    files.map(async (file) => ((await read(file)) === undefined ? [] : [file])),
  );
  return readOwnRules(there.flat(), read);
}

/** Lists the files of rules that are others now than they were. */
function ruleChanges(before: OwnRules, { own, root }: Eyes): readonly PolicyChange[] {
  return [...new Set([...before.texts.keys(), ...own.texts.keys()])].flatMap((path) => {
    const [then, now] = [before.texts.get(path), own.texts.get(path)];
    if (then === now) return [];
    const what = then === undefined ? 'are new' : now === undefined ? 'are gone' : 'are others';
    const shown = relative(root, path).split(sep).join('/');
    return [{ path: shown, line: firstChange(then ?? '', now ?? ''), what: `the rules of ${shown} ${what}` }];
  });
}

function firstChange(before: string, after: string): number {
  const lines = before.split('\n');
  const at = after.split('\n').findIndex((line, n) => line !== lines[n]);
  return Math.max(0, at) + 1;
}

async function compareBaselines(
  file: string | null,
  commit: string,
  eyes: Eyes,
): Promise<Compared<Baseline>> {
  if (file === null) return { before: null, changes: [] };
  const before = parseBaseline(await readCommitted(eyes.top, commit, file), `${commit.slice(0, 9)}:${file}`);
  const text = await readTextIfThere(join(eyes.top, file));
  const changes = addedEntries(before, parseBaseline(text, file)).map(([id, entry]) => ({
    path: fromRoot(file, eyes),
    line: lineOf(text ?? '', new RegExp(`"${id}"`)),
    what: `the baseline accepts ${entry.rule} in ${entry.path}${entry.expires === undefined ? '' : ` until ${entry.expires}`}: ${entry.reason}`,
  }));
  return { before, changes };
}

function lineOf(text: string, pattern: RegExp): number {
  return (
    Math.max(
      0,
      text.split('\n').findIndex((line) => pattern.test(line)),
    ) + 1
  );
}

function fromRoot(file: string, { top, root }: Eyes): string {
  return relative(root, join(top, file)).split(sep).join('/');
}

async function withPolicy(findings: readonly Finding[], policy: Before): Promise<readonly Finding[]> {
  const { eyes } = policy;
  const ignored = findings.filter(({ state }) => state === 'ignored').map(({ location }) => location.path);
  const renames =
    ignored.length === 0 ? new Map<string, string>() : await renamesSince(eyes.top, policy.commit);
  const earlierPath = (path: string): string => renames.get(`${eyes.below}${path}`) ?? `${eyes.below}${path}`;
  const before = await ignoredBefore([...new Set(ignored.map(earlierPath))], policy);
  const judged = withEarlierIgnores(findings, before, earlierPath);
  const comments = judged.added.map(({ rule, location, reason }) => ({
    path: location.path,
    line: location.startLine,
    what: `a comment ignores ${rule}: ${reason ?? ''}`,
  }));
  const added = toPolicyFindings([...policy.changes, ...comments], createFingerprint(eyes.key));
  return [...judged.findings, ...added];
}

/** Scans the files of ignored findings as they stood at the commit; paths are from the top. */
async function ignoredBefore(
  paths: readonly string[],
  { commit, eyes }: Before,
): Promise<readonly Finding[]> {
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = await readCommitted(eyes.top, commit, path);
    if (text !== undefined) texts.set(path, text);
  }
  return (await scanSource(openTexts(texts, 'tree'), { ...eyes, below: '' })).findings;
}
