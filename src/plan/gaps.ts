import type { ActsFor } from '../model/consumer.ts';

/** The part of a provider's capabilities that a plan speaks of. */
export interface PlanCapabilities {
  readonly exchange: string;
  readonly recoversLostAnswers: boolean;
  readonly act: 'native' | 'mapper' | 'none';
  readonly minTtlSeconds: number;
  readonly revokeIssued: boolean;
  readonly restore: boolean;
  readonly lastUse: boolean;
  readonly boundScopes: boolean;
  readonly unproven?: string;
}

/** Says in words what a provider cannot do for these agents. Empty where all is well. */
export function toGaps(capabilities: PlanCapabilities, actsFor: readonly ActsFor[]): readonly string[] {
  const gaps = actsFor.includes('user') ? [...delegationGaps(capabilities)] : [];
  if (capabilities.minTtlSeconds > 300)
    gaps.push(`Its tokens live at least ${capabilities.minTtlSeconds} seconds, not 300.`);
  if (!capabilities.revokeIssued)
    gaps.push('A revoked agent gets no new token, but tokens that it holds live until they expire.');
  if (!capabilities.restore) gaps.push('A revoked agent cannot be restored, only registered again.');
  if (!capabilities.recoversLostAnswers) {
    gaps.push(
      'It chooses client ids itself: if its answer to a registration is lost, an orphan may stay behind; it carries our marker.',
    );
  }
  if (!capabilities.lastUse) gaps.push('It does not say when an agent last got a token.');
  if (!capabilities.boundScopes) gaps.push('It does not bind an agent to the scopes registered here.');
  return gaps;
}

function delegationGaps({ exchange, act, unproven }: PlanCapabilities): readonly string[] {
  const gaps = unproven === undefined ? [] : [unproven];
  if (exchange === 'none') gaps.push('It offers no token exchange: no agent can act on behalf of a user.');
  if (act === 'none') {
    gaps.push('Its tokens do not name the agent (no act claim): only the client id tells agent from user.');
  }
  if (act === 'mapper') gaps.push('The act claim is static: earlier actors are not kept.');
  return gaps;
}
