import { parseFile } from '../formats/index.ts';
import type { SourceFile } from '../inventory/index.ts';
import { toLineStarts } from '../lib/text.ts';
import type { FileFacts } from '../model/facts.ts';
import type { TreeView } from './map-tree.ts';

/** Files parsed at most: a service of this size is read whole, a monorepo by its relevant parts. */
const MOST_FILES = 4000;
const MOST_CHARACTERS = 1_000_000;

const code = /\.([cm]?[jt]sx?|py|go|sh|bash|zsh|ksh)$/;
const configuration =
  /(^|\/)(\.github\/|\.gitea\/|\.forgejo\/|\.circleci\/)|(^|\/)(\.?gitlab-ci[^/]*\.ya?ml|[^/]*compose[^/]*\.ya?ml|package\.json|action\.ya?ml|[^/]*mcp[^/]*\.json|claude_desktop_config\.json|Dockerfile[^/]*|[^/]*\.dockerfile|crontab[^/]*|[^/]*\.cron)$|(^|\/)cron[^/]*\//i;
const foreign = /(^|\/)(node_modules|vendor|\.git|dist|build|\.venv|venv|site-packages|\.terraform)\//;

/** Parses what tells who consumes a secret: files with findings, configuration, and the code that may call the API. */
export async function selectSources(tree: TreeView): Promise<readonly SourceFile[]> {
  const found = new Set(tree.findings.map((finding) => finding.location.path));
  const tops = new Set([...found].map(topOf));
  const names = namePattern(tree);
  const sources: SourceFile[] = [];
  const paths = tree.paths.filter((path) => found.has(path) || (isOfInterest(path) && !foreign.test(path)));
  for (const path of paths.sort((a, b) => rank(a, found, tops) - rank(b, found, tops))) {
    if (sources.length >= MOST_FILES) break;
    const text = await tree.read(path);
    if (text === undefined || text.length > MOST_CHARACTERS) continue;
    if (!found.has(path) && !isRelevant(path, text, names, tops)) continue;
    const facts = await factsOf(path, text);
    if (facts !== undefined) sources.push({ facts, text });
  }
  return sources;
}

/** A file that is not of its format tells nothing here; `scan` reports it as skipped. */
async function factsOf(path: string, text: string): Promise<FileFacts | undefined> {
  try {
    return (await parseFile(text, path))?.facts ?? plainFacts(path, text);
  } catch {
    return plainFacts(path, text);
  }
}

function plainFacts(path: string, text: string): FileFacts {
  return {
    path,
    format: 'text',
    slots: [],
    uses: [],
    imports: [],
    calls: [],
    commands: [],
    listens: [],
    lineStarts: toLineStarts(text),
  };
}

function isOfInterest(path: string): boolean {
  return code.test(path) || configuration.test(path) || /\.(tf|ya?ml)$/.test(path) || !/\.[^/]+$/.test(path);
}

function isRelevant(path: string, text: string, names: RegExp, tops: ReadonlySet<string>): boolean {
  if (configuration.test(path) || names.test(text)) return true;
  if (/\.(sh|bash|zsh|ksh)$/.test(path)) return true;
  if (path.endsWith('.tf')) return /provider\s{1,4}"/.test(text);
  return code.test(path) && tops.has(topOf(path));
}

/** Text that makes a file worth parsing: a name of a secret that was found, or the API itself. */
function namePattern(tree: TreeView): RegExp {
  const names = new Set(tree.findings.flatMap((finding) => finding.name ?? []));
  const words = [...names]
    .filter((name) => /^[\w.-]{3,80}$/.test(name))
    .map((name) => name.replaceAll(/[.-]/g, '\\$&'));
  return new RegExp(['okta', '/api/v1/', 'agent-id', ...words].join('|'), 'i');
}

/** The part of the tree that a file lies in: two folders deep, which is where services usually begin. */
function topOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

function rank(path: string, found: ReadonlySet<string>, tops: ReadonlySet<string>): number {
  if (found.has(path)) return 0;
  if (configuration.test(path)) return 1;
  return tops.has(topOf(path)) ? 2 : 3;
}
