import { byText, isCode, type Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import { closure } from './imports.ts';
import { followed } from './invocations.ts';
import { baseOf, folderOf, isInside, isTest, stemOf } from './paths.ts';
import type { Place } from './places.ts';
import { importsSdk } from './sdk-calls.ts';
import { serviceOf } from './services.ts';
import { isTaskFile, type Activity } from './workload-drafts.ts';

/** Makes the consumers that are code: services by their folder, scripts and tests by themselves. */
export function codeDrafts(
  places: readonly Place[],
  active: readonly Activity[],
  estate: Estate,
): readonly Draft[] {
  const taken = takenFiles(active, estate);
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const { path } = place.location;
    if (!isCode(estate.sources.get(path)) || taken.has(path)) continue;
    for (const unit of unitsOf(path, taken, estate)) groups.set(unit, [...(groups.get(unit) ?? []), place]);
  }
  return [...groups].map(([unit, own]) => toDraft(unit, own, taken, estate));
}

/**
 * Files that only jobs, cron lines and MCP servers run: these are the consumers then, not the folder. A file
 * that other code imports, that a container starts or that answers requests stays with its service too.
 */
export function takenFiles(active: readonly Activity[], estate: Estate): ReadonlySet<string> {
  const started = startedFiles(estate);
  const taken = new Set<string>();
  for (const { runs, workload } of active) {
    if (workload.kind === 'container') continue;
    for (const path of runs) {
      const listens =
        (estate.sources.get(path)?.facts.listens.length ?? 0) > 0 && workload.kind !== 'mcp-server';
      if (!started.has(path) && !listens) taken.add(path);
    }
  }
  dropShared(taken, estate);
  return taken;
}

/** Files that containers and the usual ways to start a service run. */
function startedFiles(estate: Estate): ReadonlySet<string> {
  const starters = estate.workloads.filter(
    (one) =>
      one.kind === 'container' ||
      (one.kind === 'npm-script' && /^scripts\.(start|dev|serve)/.test(one.prefix)),
  );
  return new Set(starters.flatMap((one) => [...(estate.runs.get(one) ?? [])]));
}

/** Gives back what other code imports too, and then what that imports. */
function dropShared(taken: Set<string>, estate: Estate): void {
  for (let shrunk = true; shrunk;) {
    shrunk = false;
    for (const path of taken) {
      const others = (estate.importers.get(path) ?? []).filter((one) => !taken.has(one) && !isTest(one));
      if (others.length > 0) shrunk = taken.delete(path) || shrunk;
    }
  }
}

/**
 * The service that a file belongs to; of a library the services that import it; outside of one, and for tasks, the
 * scripts that people start.
 */
function unitsOf(path: string, taken: ReadonlySet<string>, estate: Estate): readonly string[] {
  const unit = unitOf(path, estate);
  if (unit.endsWith('#tests')) return [unit];
  const starters = startersOf(path, estate);
  const units = [...new Set(starters.map((one) => unitOf(one, estate)))];
  const services = units.filter((one) => !estate.sources.has(one));
  const isOwn = units.includes(unit) || units.length === 0;
  if (services.some((one) => one !== unit)) {
    const others = isOwn ? services : units;
    return [...new Set([...(isOwn ? [unit] : []), ...others])].filter((one) => !taken.has(one));
  }
  if (unit !== path && !isTaskFile(withinService(path, estate))) return [unit];
  return services.length === 0 && starters.length > 0 ? starters.filter((one) => !taken.has(one)) : [unit];
}

/** The files that import a file, directly or not, and that nothing imports; in Go those of programs. */
function startersOf(path: string, estate: Estate): readonly string[] {
  const reached = new Set([path]);
  for (const one of reached) {
    for (const importer of estate.importers.get(one) ?? []) if (!isTest(importer)) reached.add(importer);
  }
  return [...reached].filter((one) => {
    const source = estate.sources.get(one);
    if (source?.facts.format === 'go') return /^package main\b/m.test(source.text);
    return (estate.importers.get(one) ?? []).every(isTest);
  });
}

/** The folder of the service, or the file itself: a script that nothing imports, outside any service. */
function unitOf(path: string, estate: Estate): string {
  const service = serviceOf(estate.services, path);
  if (isTest(path)) return `${service}#tests`;
  const alone = (estate.importers.get(path) ?? []).every(isTest);
  return alone && isTaskFile(withinService(path, estate)) ? path : service;
}

function withinService(path: string, estate: Estate): string {
  const service = serviceOf(estate.services, path);
  return service === path ? path : path.slice(service === '' ? 0 : service.length + 1);
}

function toDraft(unit: string, places: readonly Place[], taken: ReadonlySet<string>, estate: Estate): Draft {
  const tests = unit.endsWith('#tests');
  const folder = unit.replace(/#tests$/, '');
  const single = estate.sources.has(folder);
  const files = single ? singleFiles(folder, estate) : folderFiles(folder, taken, estate, tests);
  const listens = files.some((path) => (estate.sources.get(path)?.facts.listens.length ?? 0) > 0);
  const script = single && !listens;
  const label = unit === '' ? '.' : unit;
  return {
    id: `${script ? 'script' : 'code'}:${label}`,
    kind: script ? 'script' : 'code',
    name: `${nameOf(folder, estate)}${tests ? '-tests' : ''}`,
    places,
    files,
    workload: null,
    main: mainPlace(places, estate),
    confidence: tests || places.every((place) => place.byDefault) ? 'probable' : 'confirmed',
    how: howOf(places),
    notes: [],
  };
}

/** Makes the consumer that a built folder is, even where its code does not name the secret. */
export function folderDraft(folder: string, estate: Estate, main: Place): Draft | undefined {
  const files = folderFiles(folder, new Set(), estate, false);
  if (files.length === 0) return undefined;
  return {
    id: `code:${folder === '' ? '.' : folder}`,
    kind: 'code',
    name: nameOf(folder, estate),
    places: [],
    files,
    workload: null,
    main,
    confidence: 'probable',
    how: 'env',
    notes: [],
  };
}

/** Gives the files of code that a service's folder is made of. */
export function filesOfFolder(folder: string, estate: Estate): readonly string[] {
  return estate.sources.has(folder)
    ? singleFiles(folder, estate)
    : folderFiles(folder, new Set(), estate, false);
}

function singleFiles(path: string, estate: Estate): readonly string[] {
  return [...followed(closure(estate.graph, [path]), estate)]
    .filter((one) => isCode(estate.sources.get(one)))
    .sort(byText);
}

function folderFiles(
  folder: string,
  taken: ReadonlySet<string>,
  estate: Estate,
  tests: boolean,
): readonly string[] {
  const own = [...estate.sources.keys()].filter(
    (path) =>
      isInside(path, folder) &&
      serviceOf(estate.services, path) === folder &&
      isCode(estate.sources.get(path)) &&
      isTest(path) === tests &&
      (tests || unitOf(path, estate) === folder) &&
      !taken.has(path),
  );
  // Packages of the same repository that the service imports are part of it.
  const reached = [...closure(estate.graph, own)].filter((path) => tests || !isTest(path));
  return [...new Set([...own, ...reached])].sort(byText);
}

/** First where the client is made, then where the header is built, then anywhere; values last. */
function mainPlace(places: readonly Place[], estate: Estate): Place {
  const [first, ...more] = places;
  if (first === undefined) throw new RangeError('a consumer has at least one place');
  return more.reduce((best, place) => (rank(place, estate) < rank(best, estate) ? place : best), first);
}

function rank(place: Place, estate: Estate): number {
  const source = estate.sources.get(place.location.path);
  if (source === undefined || isTest(place.location.path)) return 5;
  const near = importsSdk(source) ? 0 : source.text.includes('SSWS') ? 1 : 2;
  return place.literal ? near + 3 : near;
}

function howOf(places: readonly Place[]): Draft['how'] {
  if (places.every((place) => place.literal)) return 'file';
  return places.every((place) => place.byDefault) ? 'default' : 'env';
}

function nameOf(folder: string, estate: Estate): string {
  if (estate.sources.has(folder)) return stemOf(folder);
  if (folder !== '')
    return /^(src|app|server|api|backend)$/.test(baseOf(folder))
      ? `${baseOf(folderOf(folder)) || estate.input.rootName}-${baseOf(folder)}`
      : baseOf(folder);
  const manifest = estate.sources.get('package.json');
  const named = manifest?.facts.slots.find((slot) => slot.path === 'name')?.value;
  return (named ?? estate.input.rootName).replace(/^@[^/]+\//, '');
}
