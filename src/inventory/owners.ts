import type { Consumer, MappedSecret, Owner, SecretMap } from '../model/consumer.ts';
import type { Location } from '../model/place.ts';
import { ownerRule } from './codeowners.ts';
import { byText } from './draft.ts';
import { withRisk, type RiskContext } from './risk.ts';
import type { CodeownersRule } from './types.ts';

/** What is known about who answers for a path. */
export interface OwnerSources extends RiskContext {
  readonly codeowners: { readonly path: string; readonly rules: readonly CodeownersRule[] } | null;
  /** Author of a line, by `PATH:LINE`. */
  readonly blame: ReadonlyMap<string, string>;
}

/** Lists the lines whose author decides, because CODEOWNERS names nobody. At most eight a consumer. */
export function blameQuestions(map: SecretMap, codeowners: OwnerSources['codeowners']): readonly Location[] {
  const questions = new Map<string, Location>();
  const ask = (location: Location): void => {
    questions.set(`${location.path}:${location.startLine}`, location);
  };
  for (const secret of map.secrets) {
    for (const location of secret.storedIn.slice(0, 2)) {
      if (byRule(location.path, codeowners) === undefined) ask(location);
    }
    for (const consumer of secret.consumers) {
      if (byRule(consumer.path, codeowners) !== undefined) continue;
      for (const location of consumer.places.slice(0, 8)) ask(location);
    }
  }
  return [...questions.values()];
}

/** Says who answers for each consumer and secret, with the evidence, and weighs the risk. */
export function withOwners(map: SecretMap, known: OwnerSources): SecretMap {
  return {
    ...map,
    secrets: map.secrets.map((secret) => {
      const consumers = secret.consumers.map((consumer) => ({
        ...consumer,
        owner: consumerOwner(consumer, known),
      }));
      const owned = { ...secret, consumers, owner: secretOwner({ ...secret, consumers }, known) };
      return withRisk(owned, known);
    }),
  };
}

function consumerOwner(consumer: Consumer, known: OwnerSources): Owner {
  return byRule(consumer.path, known.codeowners) ?? byBlame(consumer.places, known.blame) ?? nobody(known);
}

function secretOwner(secret: MappedSecret, known: OwnerSources): Owner {
  const [stored] = secret.storedIn;
  const byStore = stored === undefined ? undefined : byRule(stored.path, known.codeowners);
  const first = secret.consumers.find((consumer) => consumer.owner.who !== null)?.owner;
  return byStore ?? byBlame(secret.storedIn, known.blame) ?? first ?? nobody(known);
}

function byRule(path: string, codeowners: OwnerSources['codeowners']): Owner | undefined {
  if (codeowners === null) return undefined;
  const rule = ownerRule(codeowners.rules, path);
  if (rule === undefined || rule.owners.length === 0) return undefined;
  return { who: rule.owners.join(' '), evidence: `${codeowners.path}:${rule.line}` };
}

/** The author of most of its lines; of two with equally many the one whose line comes first. */
function byBlame(places: readonly Location[], blame: OwnerSources['blame']): Owner | undefined {
  const lines = new Map<string, string[]>();
  for (const { path, startLine } of places) {
    const author = blame.get(`${path}:${startLine}`);
    if (author !== undefined) lines.set(author, [...(lines.get(author) ?? []), `${path}:${startLine}`]);
  }
  const best = [...lines].sort(([a, x], [b, y]) => y.length - x.length || byText(a, b))[0];
  return best === undefined ? undefined : { who: best[0], evidence: `git blame ${best[1][0] ?? ''}` };
}

function nobody(known: OwnerSources): Owner {
  const rules = known.codeowners === null ? 'no CODEOWNERS' : `${known.codeowners.path} names nobody`;
  return { who: null, evidence: `${rules}, no git history` };
}
