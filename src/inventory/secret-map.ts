import type { Consumer, MappedSecret, SecretMap } from '../model/consumer.ts';
import { actsFor } from './acts-for.ts';
import { byText, type Draft } from './draft.ts';
import { toDrafts } from './drafts.ts';
import { toEstate, type Estate } from './estate.ts';
import { isGenericProvider, toGroups, type SecretGroup } from './group.ts';
import { reachesOf, toReaches, toScopes, toUnknown } from './inferred.ts';
import { lockedNames, lockedSecret, lockedSecrets, lockedState, rewrittenConsumers } from './locked.ts';
import { toNames } from './names.ts';
import { placesOf } from './places.ts';
import { unresolved, type Drafted } from './unresolved.ts';
import type { Reach } from './reach.ts';
import type { InventoryInput } from './types.ts';

/**
 * Turns findings and parsed files into secrets with their consumers. Owners are left open: `blameQuestions` says
 * which lines decide them, `withOwners` fills them in.
 */
export function toSecretMap(input: InventoryInput): SecretMap {
  const estate = toEstate(input);
  const drafted = toGroups(input.findings, estate.services, input.sources).map((group) =>
    toDrafted(group, estate),
  );
  const wishes = new Map(
    drafted.flatMap(({ drafts }) => drafts.map((draft) => [draft.id, draft.name] as const)),
  );
  const names = toNames(wishes, lockedNames(input.lock));
  const secrets = drafted.map((one) => toMapped(one, estate, names));
  const locked = lockedSecrets(input.lock, new Set(secrets.map((one) => one.secret)));
  return {
    secrets: [...secrets, ...locked].sort(bySize),
    unresolved: unresolved(drafted, estate),
  };
}

function toDrafted(group: SecretGroup, estate: Estate): Drafted {
  const places = placesOf(group, estate.input.sources, estate.services);
  return {
    group,
    secret: lockedSecret(estate.input.lock, group) ?? group.secret,
    places,
    drafts: toDrafts(group, places, estate),
  };
}

function toMapped(one: Drafted, estate: Estate, names: ReadonlyMap<string, string>): MappedSecret {
  const { group, secret, drafts, places } = one;
  const { lock, scopes } = estate.input;
  const api = isGenericProvider(group.provider) ? null : group.provider;
  const reached = new Map(
    drafts.map(
      (draft) => [draft.id, group.provider === scopes?.api ? reachesOf(draft, estate) : []] as const,
    ),
  );
  const consumers = drafts.map((draft) => {
    const reaches = reached.get(draft.id) ?? [];
    const state = lockedState(lock, secret, draft.id) ?? 'found';
    return { ...toConsumer(draft, reaches, estate), api, state, name: names.get(draft.id) ?? draft.name };
  });
  const found = new Set(drafts.map((draft) => draft.id));
  return {
    secret,
    rule: group.rule,
    provider: group.provider,
    names: group.names,
    storedIn: places.filter((place) => place.literal).map((place) => place.location),
    consumers: [...consumers, ...rewrittenConsumers(lock, secret, api, found)],
    reaches: toReaches(group.provider, [...reached.values()].flat()),
    owner: { who: null, evidence: '' },
    risk: { score: 0, reasons: [] },
  };
}

function toConsumer(
  draft: Draft,
  reaches: readonly Reach[],
  estate: Estate,
): Omit<Consumer, 'api' | 'state'> {
  const language = languageOf(draft, estate);
  return {
    id: draft.id,
    kind: draft.kind,
    path: draft.main.location.path,
    line: draft.main.location.startLine,
    name: draft.name,
    ...(draft.workload === null ? {} : { workload: draft.workload.id }),
    ...(language === undefined ? {} : { language }),
    how: draft.how,
    confidence: draft.confidence,
    ...actsFor(draft, estate),
    owner: { who: null, evidence: '' },
    places: draft.places.map((place) => place.location),
    scopes: toScopes(reaches),
    unknown: [...draft.notes, ...toUnknown(reaches)],
  };
}

/** The language of the file that reads the secret, else of most of its files. */
function languageOf(draft: Draft, estate: Estate): string | undefined {
  const paths = [...draft.places.map((place) => place.location.path), ...draft.files];
  for (const path of paths) {
    const format = estate.sources.get(path)?.facts.format;
    if (format !== undefined && ['javascript', 'python', 'go', 'shell'].includes(format)) {
      return format === 'javascript' && /\.[cm]?tsx?$/.test(path) ? 'typescript' : format;
    }
  }
  return undefined;
}

/** The most shared first. */
function bySize(a: MappedSecret, b: MappedSecret): number {
  return (
    b.consumers.length - a.consumers.length ||
    byText(a.names[0] ?? '', b.names[0] ?? '') ||
    byText(a.secret, b.secret)
  );
}
