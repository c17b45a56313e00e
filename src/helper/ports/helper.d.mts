import type { EventEmitter } from 'node:events';

/**
 * An agent as code uses it. `resource` is a name from agent-id.lock.json, or its URI; without scopes it asks for all
 * that the lock file records for that.
 */
export interface HelperAgent {
  /** Gives the value of an Authorization header for the user whose request is being handled. */
  authorization(resource: string, scopes?: readonly string[]): Promise<string>;
  /** Gives a `fetch` that sends the token to this resource, and to no other address. */
  fetch(resource: string, scopes?: readonly string[]): typeof globalThis.fetch;
  /** Gives the `requestExecutor` of a client of the Okta SDK for Node. */
  oktaRequestExecutor(
    resource: string,
    scopes?: readonly string[],
  ): EventEmitter & { fetch(request: never): Promise<never> };
  /** Gives the same agent without a user: explicit, and audited as such. */
  asItself(): HelperAgent;
}

/** Names the agent that this code is. */
export function agent(id: string): HelperAgent;

/** Gives the agent that this process is: AGENT_ID_AGENT names it, else it is the one given here. */
export function ownAgent(otherwise?: string): HelperAgent;
