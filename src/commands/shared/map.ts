import { relative, resolve, sep } from 'node:path';
import { impact, unresolvedFor } from '../../inventory/index.ts';
import type { Io } from '../../lib/io.ts';
import { assertFolder } from '../../lib/process-io.ts';
import { readTreeFile } from '../../lib/walk.ts';
import type { SecretMap } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Impact } from '../../model/impact.ts';
import { renderDot, renderMermaid } from '../../output/map-graph.ts';
import { toMapJson } from '../../output/map-json.ts';
import { renderImpact, renderMap } from '../../output/map-text.ts';
import { chooseSecrets } from './choose.ts';
import { openEyes, surveyFolder, type Eyes, type GlobalOptions } from './survey.ts';

export interface MapFlags extends GlobalOptions {
  readonly secret?: string;
  readonly impact?: boolean;
  readonly format: 'text' | 'json' | 'mermaid' | 'dot';
  readonly quiet?: boolean;
}

const MOST_BYTES = 10_000_000;

/** Maps and prints; with `--impact` exits with 1 if anything would break. */
export async function runMap(paths: readonly string[], flags: MapFlags, io: Io): Promise<void> {
  const { map: whole, scan } = await surveyFolder(await openPaths(paths, flags, io), MOST_BYTES);
  const map = chosen(whole, flags.secret);
  const broken = flags.impact === true ? impact(map) : null;
  io.stdout(render(map, broken, flags.format));
  if (flags.quiet !== true && scan.skipped.length > 0) {
    io.stderr(`${scan.skipped.length} files were not looked at; agent-id scan lists them\n`);
  }
  if (broken?.clean === false) io.exitCode = 1;
}

/** Leaves one secret in a map, with the unexplained places that may need it. */
function chosen(map: SecretMap, wanted: string | undefined): SecretMap {
  if (wanted === undefined) return map;
  const secrets = chooseSecrets(map.secrets, wanted);
  const open = new Set(secrets.flatMap((secret) => unresolvedFor(secret, map.unresolved)));
  return { secrets, unresolved: [...open] };
}

/** One folder is the root; several paths, or a file, are parts of the folder that the command runs in. */
async function openPaths(paths: readonly string[], flags: MapFlags, io: Io): Promise<Eyes> {
  const [first = '.'] = paths;
  if (paths.length < 2 && isFolder(resolve(io.cwd, first))) {
    return openEyes(resolve(io.cwd, first), flags, io);
  }
  const eyes = await openEyes(io.cwd, flags, io);
  const include = paths.flatMap((path) => toGlobs(path, io.cwd));
  return { ...eyes, config: { ...eyes.config, include } };
}

function toGlobs(path: string, cwd: string): readonly string[] {
  const inner = relative(cwd, resolve(cwd, path)).split(sep).join('/');
  if (inner === '..' || inner.startsWith('../')) {
    throw new AgentIdError('outside-root', 'several paths must lie in the working folder', {
      where: path,
      hint: 'Run it with -C DIR of the folder that holds them all.',
    });
  }
  if (isFolder(resolve(cwd, path))) return [inner === '' ? '**' : `${inner}/**`];
  const read = readTreeFile(resolve(cwd, path), MOST_BYTES);
  if ('reason' in read) {
    throw new AgentIdError('unreadable', `this cannot be looked at: ${read.reason}`, { where: path });
  }
  return [inner];
}

function isFolder(path: string): boolean {
  try {
    assertFolder(path);
    return true;
  } catch {
    return false;
  }
}

function render(map: SecretMap, broken: Impact | null, format: MapFlags['format']): string {
  if (format === 'json') return `${JSON.stringify(toMapJson(map, broken), null, 2)}\n`;
  if (format === 'mermaid') return renderMermaid(map);
  if (format === 'dot') return renderDot(map);
  return broken === null ? renderMap(map) : renderImpact(broken);
}
