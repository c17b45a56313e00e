import { join } from 'node:path';
import { parseFile } from '../formats/index.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { MappedSecret } from '../model/consumer.ts';
import type { FileFacts, Slot } from '../model/facts.ts';
import type { Location } from '../model/place.ts';
import type { ManualStep, PlannedAgent } from '../model/plan.ts';
import type { TouchedFile } from './edits.ts';

export interface Touched {
  readonly files: readonly TouchedFile[];
  readonly manual: readonly ManualStep[];
}

/** Reads and parses every file that names or holds a secret. A file that has no format is left to a person. */
export async function readTouched(
  root: string,
  secret: MappedSecret,
  agents: readonly PlannedAgent[],
): Promise<Touched> {
  const files: TouchedFile[] = [];
  const manual: ManualStep[] = [];
  for (const path of pathsOf(secret)) {
    const text = await readTextIfThere(join(root, path));
    if (text === undefined) continue;
    const document = await parseFile(text, path);
    const owners = agents.filter((agent) =>
      placesOf(secret, agent.consumer).some((place) => place.path === path),
    );
    const staying = secret.consumers.filter(
      (one) =>
        agents.every((agent) => agent.consumer !== one.id) && one.places.some((place) => place.path === path),
    );
    if (owners.length === 0 && staying.length > 0) continue;
    if (document === undefined || document.readOnly === true) {
      manual.push({
        path,
        line: secret.storedIn.find((place) => place.path === path)?.startLine ?? 1,
        agent: owners[0]?.spec.id ?? null,
        why: 'its format cannot be edited',
        what: 'Take the value out by hand.',
      });
      continue;
    }
    files.push({
      path,
      text,
      document,
      agents: owners,
      staying,
      entering: [],
      literals: literalsIn(document.facts, secret.storedIn),
    });
  }
  return { files, manual };
}

function pathsOf(secret: MappedSecret): readonly string[] {
  const places = [...secret.storedIn, ...secret.consumers.flatMap((consumer) => consumer.places)];
  return [...new Set(places.map((place) => place.path))].sort();
}

function placesOf(secret: MappedSecret, consumer: string): readonly Location[] {
  return secret.consumers.find((one) => one.id === consumer)?.places ?? [];
}

/** Finds the slots whose value a finding marked as the secret: of slots within slots the innermost. */
function literalsIn(facts: FileFacts, storedIn: readonly Location[]): readonly Slot[] {
  const found = storedIn
    .filter((place) => place.path === facts.path)
    .map((place) => (facts.lineStarts[place.startLine - 1] ?? 0) + place.startColumn - 1)
    .flatMap((offset) => innermost(facts.slots, offset) ?? []);
  return [...new Set(found)];
}

function innermost(slots: readonly Slot[], offset: number): Slot | undefined {
  const length = ({ span }: Slot): number => span.end - span.start;
  return slots
    .filter((slot) => slot.part !== true)
    .filter(({ span }) => span.start <= offset && offset < Math.max(span.end, span.start + 1))
    .toSorted((a, b) => length(a) - length(b))[0];
}
