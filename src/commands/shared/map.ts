import { basename, resolve } from 'node:path';
import { createFingerprint, createPathMask } from '../../detect/index.ts';
import { impact, unresolvedFor } from '../../inventory/index.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { findWorkTree } from '../../lib/git.ts';
import { printable } from '../../output/error.ts';
import { realPath } from '../../lib/walk.ts';
import type { SecretMap } from '../../model/consumer.ts';
import type { Impact } from '../../model/impact.ts';
import { mapFormats, type MapFormat } from '../../output/map-formats.ts';
import { toMapJson } from '../../output/map-json.ts';
import { renderImpact, renderMap } from '../../output/map-text.ts';
import { chooseSecrets } from './choose.ts';
import { commonFolder, namedPlace } from './named-paths.ts';
import { toOutputs } from './outputs.ts';
import { readPagePart } from './page-part.ts';
import {
  openEyes,
  openPlaces,
  surveyFolder,
  type Eyes,
  type GlobalOptions,
  type Surveyed,
} from './survey.ts';

export interface MapFlags extends GlobalOptions {
  readonly secret?: string;
  readonly impact?: boolean;
  readonly format: MapFormat;
  readonly output?: readonly string[];
  readonly quiet?: boolean;
}

const MOST_BYTES = 10_000_000;

/** Maps and prints; with `--impact` exits with 1 if anything would break. */
export async function runMap(paths: readonly string[], flags: MapFlags, io: Io): Promise<void> {
  const outputs = toOutputs(flags.format, flags.output ?? [], mapFormats);
  const { map: whole, scan, eyes } = await survey(paths, flags, io);
  const map = masked(chosen(whole, flags.secret), eyes);
  const broken = flags.impact === true ? impact(map) : null;
  for (const { format, file } of outputs) {
    const text = await render({ map, broken, name: basename(eyes.root), now: io.clock() }, format);
    if (file === null) io.stdout(text);
    else await writeWhole(resolve(io.cwd, file), text, 0o644);
  }
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

/** One folder is the root. Several paths, or a file, are looked at together, from the folder that holds them all. */
async function survey(
  paths: readonly string[],
  flags: MapFlags,
  io: Io,
): Promise<Surveyed & { readonly eyes: Eyes }> {
  const named = await Promise.all(
    (paths.length === 0 ? ['.'] : paths).map((path) => namedPlace(resolve(io.cwd, path), path)),
  );
  const [first, ...more] = named;
  if (first !== undefined) await sayRefused(first.folder, io);
  if (first !== undefined && more.length === 0 && first.place === first.folder) {
    const eyes = await openEyes(first.place, flags, io);
    return { eyes, ...(await surveyFolder(eyes, MOST_BYTES)) };
  }
  const cwd = await realPath(io.cwd);
  const folders = named.map(({ folder }) => folder);
  const isHere = commonFolder([cwd, ...folders]) === cwd;
  const eyes = await openEyes(isHere ? cwd : commonFolder(folders), flags, io);
  const places = named.map(({ place }) => place);
  const source = await openPlaces(places, eyes, MOST_BYTES);
  return { eyes, ...(await surveyFolder(eyes, MOST_BYTES, source)) };
}

/** Without git a map has no authors and does not know what is committed: the reason is said. */
async function sayRefused(folder: string, io: Io): Promise<void> {
  const tree = await findWorkTree(folder);
  if (tree.top !== undefined || tree.refused === undefined) return;
  io.stderr(`No git history is read: ${printable(tree.refused.message)}\n`);
  if (tree.refused.hint !== undefined) io.stderr(`  ${printable(tree.refused.hint)}\n`);
}

/** A path may hold a secret, and so may all that a path is said in. */
function masked(map: SecretMap, { rules, key }: Eyes): SecretMap {
  const mask = createPathMask(rules, createFingerprint(key));
  const shown = (name: string, value: unknown): unknown =>
    typeof value === 'string' && name !== 'secret' ? mask(value) : value;
  return JSON.parse(JSON.stringify(map, shown)) as SecretMap;
}

interface Drawn {
  readonly map: SecretMap;
  readonly broken: Impact | null;
  /** Name of the folder. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

async function render({ map, broken, name, now }: Drawn, format: MapFormat): Promise<string> {
  if (format === 'json') return `${JSON.stringify(toMapJson(map, broken), null, 2)}\n`;
  if (format === 'html') {
    const { renderMapHtml } = await import('../../output/map-html.ts');
    return renderMapHtml({ map, impact: broken ?? impact(map), name, ended: toTimestamp(now), readPagePart });
  }
  if (format === 'text') return broken === null ? renderMap(map) : renderImpact(broken);
  const { renderDot, renderMermaid } = await import('../../output/map-graph.ts');
  return format === 'dot' ? renderDot(map) : renderMermaid(map);
}
