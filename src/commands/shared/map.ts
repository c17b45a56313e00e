import { resolve } from 'node:path';
import { impact, unresolvedFor } from '../../inventory/index.ts';
import type { Io } from '../../lib/io.ts';
import { realPath } from '../../lib/walk.ts';
import type { SecretMap } from '../../model/consumer.ts';
import type { Impact } from '../../model/impact.ts';
import { renderDot, renderMermaid } from '../../output/map-graph.ts';
import { toMapJson } from '../../output/map-json.ts';
import { renderImpact, renderMap } from '../../output/map-text.ts';
import { chooseSecrets } from './choose.ts';
import { commonFolder, namedPlace } from './named-paths.ts';
import { openEyes, openPlaces, surveyFolder, type GlobalOptions, type Surveyed } from './survey.ts';

export interface MapFlags extends GlobalOptions {
  readonly secret?: string;
  readonly impact?: boolean;
  readonly format: 'text' | 'json' | 'mermaid' | 'dot';
  readonly quiet?: boolean;
}

const MOST_BYTES = 10_000_000;

/** Maps and prints; with `--impact` exits with 1 if anything would break. */
export async function runMap(paths: readonly string[], flags: MapFlags, io: Io): Promise<void> {
  const { map: whole, scan } = await survey(paths, flags, io);
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

/** One folder is the root. Several paths, or a file, are looked at together, from the folder that holds them all. */
async function survey(paths: readonly string[], flags: MapFlags, io: Io): Promise<Surveyed> {
  const named = await Promise.all(
    (paths.length === 0 ? ['.'] : paths).map((path) => namedPlace(resolve(io.cwd, path), path)),
  );
  const [first, ...more] = named;
  if (first !== undefined && more.length === 0 && first.place === first.folder)
    return surveyFolder(await openEyes(first.place, flags, io), MOST_BYTES);
  const cwd = await realPath(io.cwd);
  const folders = named.map(({ folder }) => folder);
  const isHere = commonFolder([cwd, ...folders]) === cwd;
  const eyes = await openEyes(isHere ? cwd : commonFolder(folders), flags, io);
  const places = named.map(({ place }) => place);
  return surveyFolder(eyes, MOST_BYTES, await openPlaces(places, eyes, MOST_BYTES));
}

function render(map: SecretMap, broken: Impact | null, format: MapFlags['format']): string {
  if (format === 'json') return `${JSON.stringify(toMapJson(map, broken), null, 2)}\n`;
  if (format === 'mermaid') return renderMermaid(map);
  if (format === 'dot') return renderDot(map);
  return broken === null ? renderMap(map) : renderImpact(broken);
}
