import type { AgentSpec } from '../../../model/agent.ts';
import { toRecord } from '../../metadata.ts';

/** What we write into the description of an AI agent, which has no other place: how it is known as ours. */
export interface AgentMark {
  readonly marker: string;
  /** The client id that we chose; Okta gives another. */
  readonly clientId: string;
  readonly agent: string;
  readonly owner: string | null;
  readonly actsFor: string;
}

const written = /agent-id (\{[^{}]*\})/;

export function toAgentMark(
  spec: AgentSpec,
  { marker, clientId }: Pick<AgentMark, 'marker' | 'clientId'>,
): AgentMark {
  return { marker, clientId, agent: spec.id, owner: spec.owner, actsFor: spec.actsFor };
}

/** Gives a description with our mark in it; what people wrote beside it stays. */
export function describe(mark: AgentMark, description = ''): string {
  const { clientId, actsFor, ...rest } = mark;
  const text = JSON.stringify({ ...rest, client_id: clientId, acts_for: actsFor });
  // A brace within a name would end the mark for whoever reads it.
  const inner = text.slice(1, -1).replace(/[{}]/g, (brace) => (brace === '{' ? '\\u007b' : '\\u007d'));
  const ours = `agent-id {${inner}}`;
  if (written.test(description)) return description.replace(written, () => ours);
  return description === '' ? ours : `${description} ${ours}`;
}

export function readAgentMark(description: unknown): AgentMark | null {
  const data = parse(written.exec(typeof description === 'string' ? description : '')?.[1]);
  const { marker, client_id: clientId, agent, owner, acts_for: actsFor } = data;
  if (typeof marker !== 'string' || typeof clientId !== 'string' || typeof agent !== 'string') return null;
  return {
    marker,
    clientId,
    agent,
    owner: typeof owner === 'string' ? owner : null,
    actsFor: String(actsFor),
  };
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return toRecord(JSON.parse(text ?? ''));
  } catch {
    return {};
  }
}
