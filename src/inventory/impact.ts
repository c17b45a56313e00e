import type { Consumer, MappedSecret, SecretMap } from '../model/consumer.ts';
import type { Impact, SecretImpact } from '../model/impact.ts';

/** Says what breaks if the secrets are revoked now. */
export function impact(map: SecretMap): Impact {
  const secrets = map.secrets.map(toImpact);
  return {
    clean: secrets.every((one) => one.breaks.length === 0 && one.unsure.length === 0),
    secrets,
    unresolved: map.unresolved.length,
  };
}

/** Says whether a consumer no longer needs the old secret, shown by a token of its own. */
export function isMigrated(consumer: Consumer): boolean {
  return consumer.state === 'verified' || consumer.state === 'retired';
}

function toImpact(secret: MappedSecret): SecretImpact {
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
  };
}
