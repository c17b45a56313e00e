import type { Consumer, ConsumerKind } from '../model/consumer.ts';
import { byLocation, type Place } from './places.ts';
import type { SourceFile } from './types.ts';
import type { Workload } from './workloads.ts';

/** A consumer in the making: its places and the files whose calls are its own. */
export interface Draft {
  readonly id: string;
  readonly kind: ConsumerKind;
  /** Wish for the name; made unique later. */
  readonly name: string;
  readonly places: readonly Place[];
  /** Every file of code that belongs to it. */
  readonly files: readonly string[];
  readonly workload: Workload | null;
  /** Where it is shown: the place that a person looks at first. */
  readonly main: Place;
  readonly confidence: Consumer['confidence'];
  readonly how: Consumer['how'];
  readonly notes: readonly { readonly path: string; readonly line: number; readonly why: string }[];
}

/** Joins two drafts of one consumer: the first one's name and main place stand. */
export function joinDrafts(a: Draft, b: Draft): Draft {
  const places = new Map([...a.places, ...b.places].map((place) => [keyOf(place), place]));
  return {
    ...a,
    places: [...places.values()].sort(byLocation),
    files: [...new Set([...a.files, ...b.files])].sort(byText),
    workload: a.workload ?? b.workload,
    confidence: a.confidence === 'confirmed' ? a.confidence : b.confidence,
    notes: [...a.notes, ...b.notes],
  };
}

/** Says whether a file is code: something that reads values, not something that holds them. */
export function isCode(source: SourceFile | undefined): boolean {
  return source !== undefined && ['javascript', 'python', 'go', 'shell'].includes(source.facts.format);
}

/** Orders text the same on every machine. */
export function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function keyOf(place: Place): string {
  return `${place.location.path}:${place.location.startLine}:${place.location.startColumn}`;
}
