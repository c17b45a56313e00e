import { AgentIdError } from '../../model/error.ts';
import type { Decision, ReviewAgent, ReviewSheet } from '../../model/review.ts';
import { printable } from '../../output/error.ts';
import { reviewLine, unusedLine } from '../../output/review-sheet.ts';
import type { Decided } from './review-decisions.ts';

/** Asks about agent after agent, and once more before anything happens. Throws `interrupted`. */
export async function askDecisions(sheet: ReviewSheet): Promise<readonly Decided[]> {
  const { confirm, intro, isCancel, log, select } = await import('@clack/prompts');
  const decided: Decided[] = [];
  intro('agent-id agents review');
  for (const agent of sheet.agents) {
    log.step(
      printable(
        `${agent.displayName}, ${agent.flow}, owner ${agent.owner ?? 'unknown'}, ${reviewLine(agent)}`,
      ),
    );
    for (const one of agent.scopes) log.message(printable(toLine(agent, one)));
    const answer = await select({
      message: printable(`What of ${agent.id}?`),
      options: [
        { value: 'keep', label: 'keep', hint: 'as it is' },
        { value: 'narrow', label: 'narrow', hint: 'take scopes away' },
        { value: 'revoke', label: 'revoke', hint: 'stop it now' },
        { value: 'skip', label: 'skip', hint: 'not reviewed' },
      ],
    });
    if (isCancel(answer)) throw interrupted();
    if (answer !== 'skip') decided.push(...(await toDecided(agent, answer as Decision)));
  }
  const sure =
    decided.length > 0 && (await confirm({ message: 'Do it, and record the review?', initialValue: true }));
  if (isCancel(sure)) throw interrupted();
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
  const { isCancel, multiselect } = await import('@clack/prompts');
  const answer = await multiselect({
    message: 'Which scopes does it lose?',
    options: agent.scopes.map((one) => ({
      value: `${one.uri} ${one.scope}`,
      label: printable(toLine(agent, one)),
    })),
    initialValues: agent.scopes
      .filter(({ lastUsed }) => lastUsed === null)
      .map(({ scope, uri }) => `${uri} ${scope}`),
    required: true,
  });
  if (isCancel(answer)) throw interrupted();
  return answer;
}

function toLine(agent: ReviewAgent, { evidence, lastUsed, scope }: ReviewAgent['scopes'][number]): string {
  return `${scope}  ${lastUsed === null ? unusedLine(agent) : `used ${lastUsed}`}  ${evidence ?? 'no evidence'}`;
}

function interrupted(): AgentIdError {
  return new AgentIdError('interrupted', 'nothing was changed');
}
