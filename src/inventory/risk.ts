import type { MappedSecret } from '../model/consumer.ts';

/** What weighs, beside the secret itself. */
export interface RiskContext {
  /** Paths that git tracks; null where it is not known. */
  readonly tracked: ReadonlySet<string> | null;
}

interface Weight {
  readonly points: number;
  readonly reason: string;
}

/** Adds up named reasons, at most 100. The number only sorts; the reasons are what counts. */
export function withRisk(secret: MappedSecret, context: RiskContext): MappedSecret {
  const weights = [...exposure(secret, context), ...power(secret), ...spread(secret), ...ownership(secret)];
  const score = Math.min(
    100,
    weights.reduce((sum, weight) => sum + weight.points, 0),
  );
  return {
    ...secret,
    risk: { score, reasons: weights.map((weight) => `+${weight.points} ${weight.reason}`) },
  };
}

function exposure(secret: MappedSecret, { tracked }: RiskContext): readonly Weight[] {
  const paths = [...new Set(secret.storedIn.map((location) => location.path))];
  const committed = paths.filter((path) => tracked?.has(path) === true);
  if (committed.length > 0)
    return [{ points: 30, reason: `its value is committed to git (${committed.join(', ')})` }];
  if (paths.length > 0) return [{ points: 10, reason: `its value lies in plain text (${paths.join(', ')})` }];
  return [];
}

function power(secret: MappedSecret): readonly Weight[] {
  if (!secret.rule.startsWith('okta-api-token')) return [];
  return [{ points: 20, reason: 'an Okta API token has all rights of the person who made it' }];
}

function spread(secret: MappedSecret): readonly Weight[] {
  const kinds = new Set(secret.consumers.map((consumer) => consumer.kind));
  const weights: Weight[] = [];
  if (secret.consumers.length > 1) {
    weights.push({
      points: 20,
      reason: `${secret.consumers.length} consumers share it, so none can be revoked alone`,
    });
  }
  const laptop = kinds.has('mcp-server') || kinds.has('script') || kinds.has('npm-script');
  if (kinds.has('ci-job') && laptop)
    weights.push({ points: 10, reason: 'a pipeline and people use the same value' });
  const unsure = secret.consumers.filter((consumer) => consumer.confidence === 'unknown').length;
  if (unsure > 0) weights.push({ points: 10, reason: `${unsure} consumers are not understood` });
  return weights;
}

function ownership(secret: MappedSecret): readonly Weight[] {
  const orphans = secret.consumers.filter((consumer) => consumer.owner.who === null).length;
  return orphans === 0 ? [] : [{ points: 10, reason: `${orphans} of its consumers have no owner` }];
}
