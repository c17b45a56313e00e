import type { SecretMap, Unresolved } from '../model/consumer.ts';
import { byText, isCode, type Draft } from './draft.ts';
import { isIdle } from './drafts.ts';
import type { Estate } from './estate.ts';
import type { SecretGroup } from './group.ts';
import { toLine } from '../model/place.ts';
import type { Place } from './places.ts';
import { defaultClients } from './sdk-calls.ts';
import type { SourceFile } from './types.ts';

/** One secret with its consumers in the making. */
export interface Drafted {
  readonly group: SecretGroup;
  readonly secret: string;
  readonly places: readonly Place[];
  readonly drafts: readonly Draft[];
}

/** Lists what was seen and not understood: values without a reader, readers without a value. */
export function unresolved(drafted: readonly Drafted[], estate: Estate): SecretMap['unresolved'] {
  const found = [
    ...idleValues(drafted),
    ...parkedWorkflows(drafted),
    ...hiddenClients(drafted, estate),
    ...unexplainedHeaders(drafted, estate),
  ];
  return found.sort((a, b) => byText(a.path, b.path) || a.line - b.line);
}

function idleValues(drafted: readonly Drafted[]): readonly Unresolved[] {
  return drafted
    .filter(({ drafts }) => drafts.length === 0)
    .flatMap((one) =>
      one.places
        .filter((place) => place.literal)
        .slice(0, 1)
        .map((place) =>
          unexplained(one, place, 'a value is stored here, and nothing that reads it was found'),
        ),
    );
}

function parkedWorkflows(drafted: readonly Drafted[]): readonly Unresolved[] {
  return drafted.flatMap((one) =>
    one.places
      .filter((place) => !place.literal && isIdle(place.location.path))
      .map((place) =>
        unexplained(one, place, 'a workflow in a sub-folder, which GitHub does not run, names the secret'),
      ),
  );
}

function unexplained({ secret, group }: Drafted, { location }: Place, why: string): Unresolved {
  return { path: location.path, line: location.startLine, why, secret, provider: group.provider };
}

function hiddenClients(drafted: readonly Drafted[], estate: Estate): readonly Unresolved[] {
  const explained = new Set(
    drafted.flatMap(({ places }) =>
      places.filter((place) => place.byDefault).map((place) => place.location.path),
    ),
  );
  return estate.input.sources
    .filter((source) => !explained.has(source.facts.path))
    .flatMap((source) =>
      defaultClients(source).map((call) => ({
        path: source.facts.path,
        line: toLine(source.facts.lineStarts, call.span.start),
        why: "Okta's SDK reads OKTA_CLIENT_TOKEN by itself here",
        secret: null,
        provider: 'okta',
      })),
    );
}

/** Code that sends an Okta token and belongs to no consumer of one: where it comes from is not known. */
function unexplainedHeaders(drafted: readonly Drafted[], estate: Estate): readonly Unresolved[] {
  const explained = new Set(
    drafted
      .filter(({ group }) => group.provider === 'okta')
      .flatMap(({ drafts }) => drafts.flatMap((draft) => draft.files)),
  );
  return estate.input.sources
    .filter((source) => isCode(source) && !explained.has(source.facts.path))
    .flatMap((source) => {
      const offset = headerOffset(source);
      if (offset === undefined) return [];
      const line = toLine(source.facts.lineStarts, offset);
      const why = 'an Okta token is sent here, and where it comes from is not known';
      return [{ path: source.facts.path, line, why, secret: null, provider: 'okta' }];
    });
}

function headerOffset({ facts }: SourceFile): number | undefined {
  const spans = [
    ...facts.slots.filter((slot) => /^SSWS( |$)/.test(slot.value)).map((slot) => slot.span.start),
    ...facts.calls.flatMap((call) =>
      call.args.filter((arg) => arg.text?.startsWith('SSWS ') === true).map((arg) => arg.span.start),
    ),
  ];
  return spans.sort((a, b) => a - b)[0];
}
