import { askWhether, askWhich, askWhichOf, sayStep, sayTitle } from './ask.ts';
import type { Decision, ReviewAgent, ReviewSheet } from '../../model/review.ts';
import { reviewLine, unusedLine } from '../../output/review-sheet.ts';
import type { Decided } from './review-decisions.ts';

/** Asks about agent after agent, and once more before anything happens. Throws `interrupted`. */
export async function askDecisions(sheet: ReviewSheet): Promise<readonly Decided[]> {
  const decided: Decided[] = [];
  await sayTitle('agent-id agents review');
  for (const agent of sheet.agents) {
    await sayStep(
      `${agent.displayName}, ${agent.flow}, owner ${agent.owner ?? 'unknown'}, ${reviewLine(agent)}`,
      ...agent.scopes.map((one) => toLine(agent, one)),
    );
    const answer = await askWhich<Decision | 'skip'>(`What of ${agent.id}?`, [
      { value: 'keep', label: 'keep', hint: 'as it is' },
      { value: 'narrow', label: 'narrow', hint: 'take scopes away' },
      { value: 'revoke', label: 'revoke', hint: 'stop it now' },
      { value: 'skip', label: 'skip', hint: 'not reviewed' },
    ]);
    if (answer !== 'skip') decided.push(...(await toDecided(agent, answer)));
  }
  const sure = decided.length > 0 && (await askWhether('Do it, and record the review?', true));
  return sure ? decided : [];
}

async function toDecided(agent: ReviewAgent, decision: Decision): Promise<readonly Decided[]> {
  const dropped = decision === 'narrow' ? await askDropped(agent) : [];
  return agent.scopes.map(({ scope, uri }) => ({
    agent: agent.id,
    uri,
    scope,
    decision: decision === 'narrow' && !dropped.includes(`${uri} ${scope}`) ? 'keep' : decision,
  }));
}

async function askDropped(agent: ReviewAgent): Promise<readonly string[]> {
  const unused = agent.scopes.filter(({ lastUsed }) => lastUsed === null);
  return askWhichOf(
    'Which scopes does it lose?',
    agent.scopes.map((one) => ({ value: `${one.uri} ${one.scope}`, label: toLine(agent, one) })),
    unused.map(({ scope, uri }) => `${uri} ${scope}`),
    true,
  );
}

function toLine(agent: ReviewAgent, { evidence, lastUsed, scope }: ReviewAgent['scopes'][number]): string {
  return `${scope}  ${lastUsed === null ? unusedLine(agent) : `used ${lastUsed}`}  ${evidence ?? 'no evidence'}`;
}
