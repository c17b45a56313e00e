import { join } from 'node:path';
import { parseFile } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Consumer, MappedSecret } from '../model/consumer.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import { partOf, partsIn } from './part.ts';
import type { Pointer } from './pointer.ts';

/** Says whether the files of a consumer name something. */
export interface Reading {
  readonly mentions: (consumer: Consumer, name: string) => Promise<boolean>;
}

/** Opens the files of consumers: those that name the secret, and the code in the folder of a service. */
export function openReading(root: string, paths: readonly string[]): Reading {
  const texts = new Map<string, Promise<string>>();
  const textOf = (path: string): Promise<string> => {
    const known = texts.get(path) ?? readTextIfThere(join(root, path)).then((text) => text ?? '');
    texts.set(path, known);
    return known;
  };
  return {
    async mentions(consumer, name) {
      const word = new RegExp(`(?<![\\w-])${name.replaceAll(/[^\w]/g, '\\$&')}(?![\\w-])`);
      for (const path of filesOf(consumer, paths)) {
        const text = await textOf(path);
        if (word.test(text) && (await isOwn(consumer, path, { text, word }))) return true;
      }
      return false;
    },
  };
}

function filesOf(consumer: Consumer, paths: readonly string[]): readonly string[] {
  const folder = /^code:(.*)$/.exec(consumer.id)?.[1];
  const below = paths.filter(
    (path) =>
      isCode.test(path) && (folder === '.' || (folder !== undefined && path.startsWith(`${folder}/`))),
  );
  return [...new Set([...consumer.places.map((place) => place.path), ...below])];
}

/** In a file of many jobs or services, only what stands in its own part is a consumer's. */
async function isOwn(
  consumer: Consumer,
  path: string,
  { text, word }: { readonly text: string; readonly word: RegExp },
): Promise<boolean> {
  const parts = partsIn(path, consumer);
  if (parts.size === 0) return true;
  const slots = (await parseFile(text, path))?.facts.slots ?? [];
  return slots.some(
    (slot) => parts.has(partOf(slot.path) ?? '') && (word.test(slot.path) || word.test(slot.value)),
  );
}

const isCode = /\.([cm]?[jt]sx?|py|go|sh|bash)$/;

export interface Shared {
  /** Base URLs that may change now. */
  readonly free: readonly Pointer[];
  /** Agents that must wait, as one that stays reads the same base URL. */
  readonly waiting: ReadonlySet<PlannedAgent>;
  readonly manual: readonly ManualStep[];
}

/**
 * Parts base URLs into those that only consumers that move read, and those that one that stays reads too: if such a
 * one changed, it would send its old token to the new API.
 */
export async function shareBaseUrls(
  pointers: readonly Pointer[],
  {
    secret,
    going,
    steps,
    reading,
  }: {
    readonly secret: MappedSecret;
    readonly going: readonly PlannedAgent[];
    /** Why the others stay. */
    readonly steps: readonly ManualStep[];
    readonly reading: Reading;
  },
): Promise<Shared> {
  const moves = secret.consumers.filter((one) => going.some((agent) => agent.consumer === one.id));
  const stays = secret.consumers.filter((one) => !moves.includes(one));
  const free: Pointer[] = [];
  const manual: ManualStep[] = [];
  const waiting = new Set<PlannedAgent>();
  const unsure = await withoutUrl(stays, pointers, reading);
  for (const pointer of pointers) {
    const holders = await readersOf(pointer, stays, { pointers, reading, unsure });
    const readers = await readersOf(pointer, moves, { pointers, reading, unsure });
    if (holders.length === 0) {
      if (stays.length === 0 || readers.length > 0) free.push(pointer);
      continue;
    }
    for (const agent of going) if (readers.some((one) => one.id === agent.consumer)) waiting.add(agent);
    if (readers.length > 0) manual.push(toStep(pointer, readers, holders, { unsure, steps }));
  }
  return { free, waiting, manual };
}

async function withoutUrl(
  consumers: readonly Consumer[],
  pointers: readonly Pointer[],
  reading: Reading,
): Promise<ReadonlySet<Consumer>> {
  const unsure = new Set<Consumer>();
  for (const one of consumers) {
    const read = await Promise.all(pointers.map((pointer) => reads(one, pointer, { pointers, reading })));
    if (!read.includes(true)) unsure.add(one);
  }
  return unsure;
}

async function readersOf(
  pointer: Pointer,
  consumers: readonly Consumer[],
  around: Around & { readonly unsure: ReadonlySet<Consumer> },
): Promise<readonly Consumer[]> {
  const found: Consumer[] = [];
  for (const one of consumers) {
    const isUnsure = around.unsure.has(one) && partOf(pointer.slot.path) === undefined;
    if (isUnsure || (await reads(one, pointer, around))) found.push(one);
  }
  return found;
}

interface Around {
  readonly pointers: readonly Pointer[];
  readonly reading: Reading;
}

/** A value in one job, service or server is for that one; any other for all that say its name and have none of their own. */
async function reads(consumer: Consumer, pointer: Pointer, { pointers, reading }: Around): Promise<boolean> {
  if (partOf(pointer.slot.path) !== undefined) return isFor(pointer, consumer);
  if (pointers.some((one) => one.name === pointer.name && isFor(one, consumer))) return false;
  return reading.mentions(consumer, pointer.name);
}

function isFor({ path, slot }: Pointer, { places }: Consumer): boolean {
  const part = partOf(slot.path);
  return (
    part !== undefined && places.some((place) => place.path === path && partOf(place.slot ?? '') === part)
  );
}

function toStep(
  { path, line, name }: Pointer,
  readers: readonly Consumer[],
  holders: readonly Consumer[],
  { unsure, steps }: { readonly unsure: ReadonlySet<Consumer>; readonly steps: readonly ManualStep[] },
): ManualStep {
  const reasons = holders.map((one) => {
    const step = steps.find((each) => each.agent === one.name);
    const place = step === undefined ? `${one.path}:${one.line}` : `${step.path}:${step.line}`;
    const stays =
      step === undefined ? `it was not asked to move; it is at ${place}` : `it stays for ${place}`;
    return unsure.has(one)
      ? `${one.name} may (where it takes its base URL from is not visible; ${stays})`
      : `${one.name} does (${stays})`;
  });
  const names = holders.map((one) => one.name);
  const able = names.filter((name) => !steps.some((step) => step.agent === name));
  const blocked = names.filter((name) => !able.includes(name));
  const ways = [
    ...(blocked.length > 0 ? [`do the steps above for ${blocked.join(', ')}`] : []),
    ...(able.length > 0
      ? [`migrate ${able.join(', ')} with them (run it without a path and without --only)`]
      : []),
  ].join(' and ');
  return {
    path,
    line,
    agent: null,
    why: `${readers.map((one) => one.name).join(', ')} must wait: their base URL is ${name}, and so ${reasons.join(', ')}; after a change its old token would go to the new API`,
    what: `${ways.charAt(0).toUpperCase()}${ways.slice(1)}, or give it a base URL of its own under another name than ${name}, and run it again.`,
  };
}
