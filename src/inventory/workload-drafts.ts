import type { Command } from '../model/facts.ts';
import { isCode, type Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import type { SecretGroup } from './group.ts';
import { toLocation } from './location.ts';
import { baseOf, isBelow, isTest, joinPath, folderOf } from './paths.ts';
import { renamedPlaces, type Place } from './places.ts';
import type { Workload } from './workloads.ts';

/** What one workload has to do with one secret. */
export interface Activity {
  readonly workload: Workload;
  /** Places in its own part of its file. */
  readonly own: readonly Place[];
  /** Places that every workload of its file inherits. */
  readonly shared: readonly Place[];
  /** Places in files that it runs. */
  readonly read: readonly Place[];
  readonly runs: ReadonlySet<string>;
  /** Whether it already runs under `agent-id exec`, which sets the name to a short-lived token. */
  readonly wrapped: boolean;
  /** Whether it reads a file that stores the secret. */
  readonly sources: boolean;
}

/** Finds the workloads that one secret is given to, or whose scripts read it. */
export function activities(
  group: SecretGroup,
  places: readonly Place[],
  estate: Estate,
): readonly Activity[] {
  const all = estate.workloads.map((workload) => toActivity(workload, group, places, estate));
  return all.filter((one) => isActive(one, all));
}

function toActivity(
  workload: Workload,
  group: SecretGroup,
  places: readonly Place[],
  estate: Estate,
): Activity {
  const here = places.filter((place) => place.location.path === workload.source.facts.path);
  const own = here.filter((place) => isOwn(place, workload));
  const shared = here.filter((place) =>
    workload.shared.some((key) => isBelow(place.location.slot ?? '', key)),
  );
  const renames = new Set([...own, ...shared].flatMap((place) => place.as ?? []));
  const runs = estate.runs.get(workload) ?? new Set<string>();
  const handed = new Set([...renames].filter((name) => !group.names.includes(name)));
  const read = [...runs].flatMap((path) => {
    const source = estate.sources.get(path);
    if (!isCode(source) || source === undefined || path === workload.source.facts.path) return [];
    return [...places.filter((place) => place.location.path === path), ...renamedPlaces(source, handed)];
  });
  return {
    workload,
    own,
    shared,
    read,
    runs,
    wrapped: workload.commands.some((command) => isWrapped(command, group.names)),
    sources: sourcesStore(workload, places, estate),
  };
}

function isOwn(place: Place, workload: Workload): boolean {
  return workload.prefix === '' || isBelow(place.location.slot ?? '', workload.prefix);
}

function isWrapped(command: Command, names: readonly string[]): boolean {
  const at = command.argv.findIndex((word) => /(^|\/)agent-id(\/helper\.mjs)?"?$/.test(word));
  if (at === -1 || command.argv[at + 1] !== 'exec') return false;
  return command.argv.some((word, index) => {
    return command.argv[index - 1] === '--env' && names.includes(word.split('=')[0] ?? '');
  });
}

/** `. ./.env`, `source .env`, `--env-file .env`, compose's `env_file`. */
function sourcesStore(workload: Workload, places: readonly Place[], estate: Estate): boolean {
  const stores = new Set(
    places
      .filter((place) => place.literal && estate.sources.get(place.location.path)?.facts.format === 'env')
      .map((place) => place.location.path),
  );
  if (stores.size === 0) return false;
  const scripts = [...(estate.runs.get(workload) ?? [])].flatMap(
    (path) => estate.sources.get(path)?.facts.commands ?? [],
  );
  const words = [...workload.commands, ...scripts].flatMap((command) =>
    command.argv.flatMap((word, at) => {
      const before = command.argv[at - 1] ?? '';
      if (isSourcing(before, at === 1, command)) return [word];
      return /^--env-file=(.+)$/.exec(word)?.[1] ?? [];
    }),
  );
  const files = workload.source.facts.slots.flatMap((slot) =>
    isBelow(slot.path, `${workload.prefix}.env_file`) ? [slot.value] : [],
  );
  const folder = folderOf(workload.source.facts.path);
  return [...words, ...files].some((word) => {
    const path = joinPath(folder, word) ?? '';
    return (
      stores.has(path) ||
      [...stores].some((store) => baseOf(store) === baseOf(word) && /[/$]|^\.env/.test(word))
    );
  });
}

/** Whether the word after this one names a file of variables: `-e` and `-f` only with programs that read them so. */
function isSourcing(word: string, isFirst: boolean, { argv }: Command): boolean {
  if (word === '--env-file') return true;
  if (word === '.' || word === 'source') return isFirst;
  return /^-[ef]$/.test(word) && argv.some((one) => /(^|\/)(dotenv|dotenvx|env-cmd|dotenv-cli)$/.test(one));
}

function isActive(one: Activity, all: readonly Activity[]): boolean {
  const { workload } = one;
  if (one.wrapped || one.own.length > 0) return true;
  if (one.shared.length > 0) {
    const siblings = all.filter((other) => other.workload.source === workload.source);
    return one.read.length > 0 || !siblings.some((other) => other.read.length > 0 || other.own.length > 0);
  }
  if (workload.kind === 'container') return one.sources;
  const read = one.read.some((place) => !isTest(place.location.path));
  if (workload.kind === 'npm-script') return read && isOwnTask(one, all);
  return read && (workload.kind === 'cron' || workload.kind === 'mcp-server');
}

/** A task of its own, such as `sync`: not how the service starts, and not what a job or a cron line runs anyway. */
function isOwnTask(one: Activity, all: readonly Activity[]): boolean {
  const name = one.workload.prefix.split('.').at(-1) ?? '';
  if (/^(start|dev|serve|build|test|lint|prestart|preview|watch|prod)($|:)/.test(name)) return false;
  const read = one.read.filter((place) => isTaskFile(place.location.path));
  return (
    read.length > 0 &&
    !all.some(
      (other) =>
        other.workload.kind !== 'npm-script' &&
        other.workload.kind !== 'container' &&
        read.every((place) => other.runs.has(place.location.path)) &&
        (other.own.length > 0 || other.shared.length > 0 || other.workload.kind === 'cron'),
    )
  );
}

/** Says whether a file lies where tasks lie that people and schedules run. */
export function isTaskFile(path: string): boolean {
  return (
    /(^|\/)(scripts?|bin|tools?|hack|ops|tasks?|jobs?|cron|examples?|samples?|demos?)\//i.test(path) ||
    path.endsWith('.sh')
  );
}

/** Makes the consumer that an active workload is. */
export function workloadDraft(one: Activity, estate: Estate): Draft {
  const { workload, own, shared, read } = one;
  const facts = workload.source.facts;
  const line: Place = {
    location: toLocation(facts, workload.span, workload.commands[0]?.slot ?? workload.prefix),
    literal: false,
    name: null,
    store: null,
    byDefault: false,
  };
  const places = [...own, ...shared, ...read];
  const needsLine = own.length === 0;
  return {
    id: workload.id,
    kind: workload.kind,
    name: workload.name,
    places: needsLine ? [line, ...places] : places,
    files: [...one.runs].filter((path) => isCode(estate.sources.get(path)) || /action\.ya?ml$/.test(path)),
    workload,
    main: own[0] ?? line,
    confidence: confidenceOf(one),
    how: howOf(one),
    notes: [],
  };
}

function confidenceOf(one: Activity): Draft['confidence'] {
  if (one.read.length > 0 || one.wrapped) return 'confirmed';
  const direct = one.own.some(
    (place) =>
      /\.(run|script|command|args|with|headers)\b|\[\d+\]$/.test(place.location.slot ?? '') &&
      place.store !== 'compose-secret',
  );
  if (direct || one.own.some((place) => isReadInPart(place, one))) return 'confirmed';
  return 'probable';
}

/** The step's own commands read what its `env` sets. */
function isReadInPart(place: Place, one: Activity): boolean {
  const name = place.as ?? place.name;
  return (
    name !== null &&
    one.workload.commands.some((command) => command.argv.some((word) => mentions(word, name)))
  );
}

function mentions(word: string, name: string): boolean {
  return word.includes(`$${name}`) || word.includes(`\${${name}`) || word.includes(`env.${name}`);
}

function howOf(one: Activity): Draft['how'] {
  const slots = one.own.map((place) => place.location.slot ?? '');
  if (slots.some((slot) => /\.headers\b/.test(slot))) return 'header';
  if (slots.some((slot) => /\.(args|with)\b/.test(slot))) return 'flag';
  if (slots.length === 0 && one.sources) return 'file';
  if ([...one.own, ...one.shared].some((place) => place.as !== undefined && place.as !== place.name))
    return 'derived';
  return 'env';
}
