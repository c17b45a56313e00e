import type { CheckResult } from '../../types.ts';
import type { OktaAdmin } from '../admin.ts';
import { look } from '../look.ts';
import { listAiAgents, manage, read, type AiAgent } from './ai-agent.ts';
import { findSignInApp, ownerStep } from './register.ts';

/** Looks at what AI agents need: the rights, an application that users sign in to, an owner for each agent. */
export async function probeAiAgents(admin: OktaAdmin): Promise<readonly CheckResult[]> {
  let agents: readonly AiAgent[] = [];
  const listed = await look(`AI agents (${read})`, async () => {
    agents = await listAiAgents(admin);
  });
  const waiting = agents.filter(({ mark, status }) => mark !== null && status === 'STAGED');
  return [
    listed,
    await look(`right ${manage}`, () => admin.reach(manage)),
    await probeSignIn(admin),
    ...waiting.map(({ name }) => ({ what: `AI agent ${name}`, ok: false, detail: ownerStep(name) })),
  ];
}

async function probeSignIn(admin: OktaAdmin): Promise<CheckResult> {
  const what = 'application that the users of AI agents sign in to';
  const { loginClientId } = admin.parts.trust;
  let label: string | undefined;
  const asked = await look(what, async () => {
    label = (await findSignInApp(admin))?.label;
  });
  if (!asked.ok || label !== undefined)
    return label === undefined ? asked : { what, ok: true, detail: label };
  const detail =
    loginClientId === undefined
      ? 'none is known: trust the provider again with --client-id'
      : `the organisation has no application ${loginClientId}`;
  return { what, ok: false, detail };
}
