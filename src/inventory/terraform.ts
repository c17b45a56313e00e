import type { Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import type { SecretGroup } from './group.ts';
import { toLine } from '../model/place.ts';
import { toLocation } from './location.ts';
import { baseOf, folderOf } from './paths.ts';
import type { Place } from './places.ts';
import type { SourceFile } from './types.ts';

/** Finds Terraform modules that configure the provider of the secret, or name the secret. */
export function terraformDrafts(
  group: SecretGroup,
  places: readonly Place[],
  estate: Estate,
): readonly Draft[] {
  const folders = new Map<string, Place[]>();
  const add = (place: Place): void => {
    const folder = folderOf(place.location.path);
    folders.set(folder, [...(folders.get(folder) ?? []), place]);
  };
  for (const place of places) if (isTerraform(place.location.path)) add(place);
  const named = group.names.some((name) => /^(TF_VAR_\w*|OKTA_API_TOKEN)$/i.test(name));
  for (const source of estate.sources.values()) {
    if (group.provider !== 'okta' || !source.facts.path.endsWith('.tf')) continue;
    const place = providerPlace(source, group, named);
    if (place !== undefined) add(place);
  }
  return [...folders].flatMap(([folder, own]) => {
    const reads = own.filter((place) => !place.location.path.endsWith('.tfvars'));
    const main = reads[0] ?? own[0];
    return main === undefined ? [] : [toDraft(folder, own, main, estate)];
  });
}

function toDraft(folder: string, places: readonly Place[], main: Place, estate: Estate): Draft {
  const { path, startLine } = main.location;
  const label = folder === '' ? estate.input.rootName : baseOf(folder);
  return {
    id: `terraform:${folder === '' ? '.' : folder}`,
    kind: 'terraform',
    name: label.startsWith('terraform') ? label : `terraform-${label}`,
    places,
    files: [],
    workload: null,
    main,
    confidence: 'confirmed',
    how: main.name === null ? 'default' : 'env',
    notes: [
      {
        path,
        line: startLine,
        why: "which operations Terraform's provider calls depends on its resources and state",
      },
    ],
  };
}

/** The provider's line that reads the secret: its variable, or the block itself where it reads the environment. */
function providerPlace(source: SourceFile, group: SecretGroup, named: boolean): Place | undefined {
  const match = /provider\s{1,4}"okta"\s{0,4}\{/.exec(source.text);
  if (match === null) return undefined;
  const block = source.text.slice(match.index, match.index + 2000).split(/\n\}/)[0] ?? '';
  const variable = /^\s*api_token\s*=\s*"?(?:\$\{)?var\.(\w+)/m.exec(block);
  const name = variable?.[1] ?? null;
  if (!isRead(block, name, group.names, named)) return undefined;
  const start = match.index + (variable?.index ?? 0) + (variable?.[0].search(/\S/) ?? 0);
  const next = source.facts.lineStarts[toLine(source.facts.lineStarts, start)] ?? source.text.length + 1;
  return {
    location: toLocation(source.facts, { start, end: Math.max(start, next - 1) }),
    literal: false,
    name,
    store: null,
    byDefault: false,
  };
}

/** A block without `api_token` reads OKTA_API_TOKEN by itself; one with a variable reads that. */
function isRead(block: string, name: string | null, names: readonly string[], named: boolean): boolean {
  if (/^\s*(private_key|access_token)\s*=/m.test(block)) return false;
  if (name === null) return named && !/^\s*api_token\s*=/m.test(block);
  const known = names.map((one) => one.toUpperCase().replace(/^TF_VAR_/, ''));
  return known.includes(name.toUpperCase()) || (named && /^(okta_)?(api_)?token$/i.test(name));
}

function isTerraform(path: string): boolean {
  return /\.(tf|tfvars)(\.json)?$|\.auto\.tfvars$/.test(path);
}
