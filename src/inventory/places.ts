import type { Store, Use } from '../model/facts.ts';
import type { Finding } from '../model/finding.ts';
import type { Location } from '../model/place.ts';
import { isGenericName, type SecretGroup } from './group.ts';
import { toLocation } from './location.ts';
import { defaultClients } from './sdk-calls.ts';
import { serviceOf, type Services } from './services.ts';
import type { SourceFile } from './types.ts';

/** One place that names or holds a secret. */
export interface Place {
  readonly location: Location;
  readonly literal: boolean;
  readonly name: string | null;
  readonly store: Store | null;
  /** An SDK reads it here without naming it. */
  readonly byDefault: boolean;
  /** Name under which it is handed on. */
  readonly as?: string;
}

/** Gathers every place of one secret: its findings, and all reads of its names, which rules need not know. */
export function placesOf(
  group: SecretGroup,
  sources: readonly SourceFile[],
  services: Services,
): readonly Place[] {
  const places = new Map<string, Place>();
  const uses = new Map(sources.map((source) => [source.facts.path, source]));
  for (const finding of group.findings) {
    const source = uses.get(finding.location.path);
    places.set(placeKey(finding.location), toPlace(finding, source));
  }
  const names = new Set(group.names);
  const folders = new Set(group.findings.map((finding) => serviceOf(services, finding.location.path)));
  for (const source of sources) {
    const here = folders.has(serviceOf(services, source.facts.path));
    for (const use of source.facts.uses) {
      if (!isOfSecret(use, names, here)) continue;
      const location = toLocation(source.facts, use.span, use.slot);
      const known = places.get(placeKey(location));
      places.set(placeKey(location), known === undefined ? fromUse(use, location) : enriched(known, use));
    }
    for (const place of names.has(defaultName) ? defaultPlaces(source) : []) {
      if (!places.has(placeKey(place.location))) places.set(placeKey(place.location), place);
    }
  }
  return [...places.values()].sort(byLocation);
}

/** A read of one of its names, or one of another name that is handed on under one: `secretKeyRef`, `env`. */
function isOfSecret(use: Use, names: ReadonlySet<string>, here: boolean): boolean {
  if (names.has(use.name)) return here || !isGenericName(use.name);
  return use.as !== undefined && names.has(use.as) && !isGenericName(use.as);
}

/** Clients of Okta's SDK that are given no token: they read this variable by themselves. */
const defaultName = 'OKTA_CLIENT_TOKEN';

function defaultPlaces(source: SourceFile): readonly Place[] {
  return defaultClients(source).map((call) => ({
    location: toLocation(source.facts, call.span),
    literal: false,
    name: defaultName,
    store: 'env',
    byDefault: true,
  }));
}

/** Reads of other names, within files that are handed the secret under them. */
export function renamedPlaces(source: SourceFile, names: ReadonlySet<string>): readonly Place[] {
  return source.facts.uses
    .filter((use) => names.has(use.name))
    .map((use) => fromUse(use, toLocation(source.facts, use.span, use.slot)));
}

/** Orders by path, then by line and column. */
export function byLocation(a: Place, b: Place): number {
  if (a.location.path !== b.location.path) return a.location.path < b.location.path ? -1 : 1;
  return a.location.startLine - b.location.startLine || a.location.startColumn - b.location.startColumn;
}

/** One line says one thing: a finding and a read on the same line are one place. */
function placeKey(location: Location): string {
  return `${location.path}:${location.startLine}`;
}

function toPlace(finding: Finding, source: SourceFile | undefined): Place {
  const use = source?.facts.uses.find(
    (one) =>
      one.name === finding.name &&
      toLocation(source.facts, one.span).startLine === finding.location.startLine,
  );
  const place: Place = {
    location: finding.location,
    literal: finding.kind === 'literal',
    name: finding.name,
    store: null,
    byDefault: false,
  };
  return use === undefined ? place : enriched(place, use);
}

function fromUse(use: Use, location: Location): Place {
  return {
    location,
    literal: false,
    name: use.name,
    store: use.store,
    byDefault: false,
    ...(use.as === undefined ? {} : { as: use.as }),
  };
}

function enriched(place: Place, use: Use): Place {
  const { slot } = place.location;
  return {
    ...place,
    store: use.store,
    location:
      slot === undefined && use.slot !== undefined ? { ...place.location, slot: use.slot } : place.location,
    ...(use.as === undefined ? {} : { as: use.as }),
  };
}
