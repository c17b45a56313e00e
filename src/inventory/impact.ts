import type { Consumer, MappedSecret, SecretMap, Unresolved } from '../model/consumer.ts';
import type { Impact, SecretImpact } from '../model/impact.ts';

/** Says what breaks if the secrets are revoked now. */
export function impact(map: SecretMap): Impact {
  const secrets = map.secrets.map((secret) => toImpact(secret, map.unresolved));
  return {
    clean: secrets.every((one) => one.breaks.length + one.unsure.length === 0) && map.unresolved.length === 0,
    secrets,
    unresolved: map.unresolved,
  };
}

/** Says whether a consumer no longer needs the old secret, shown by a token of its own. */
export function isMigrated(consumer: Consumer): boolean {
  return consumer.state === 'verified' || consumer.state === 'retired';
}

/** Picks the unexplained places that may need a secret: those of its own, and those of any of its provider. */
export function unresolvedFor(
  { secret, provider }: Pick<MappedSecret, 'secret' | 'provider'>,
  unresolved: readonly Unresolved[],
): readonly Unresolved[] {
  return unresolved.filter((one) =>
    one.secret === null ? one.provider === provider : one.secret === secret,
  );
}

function toImpact(secret: MappedSecret, unresolved: readonly Unresolved[]): SecretImpact {
  const count = (confidence: Consumer['confidence']): number =>
    secret.consumers.filter((one) => one.confidence === confidence).length;
  const open = secret.consumers.filter((one) => !isMigrated(one));
  return {
    secret: secret.secret,
    names: secret.names,
    confirmed: count('confirmed'),
    probable: count('probable'),
    unknown: count('unknown'),
    breaks: open.filter((one) => one.confidence !== 'unknown'),
    unsure: open.filter((one) => one.confidence === 'unknown'),
    unresolved: unresolvedFor(secret, unresolved),
  };
}
