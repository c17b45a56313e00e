import type { TrustedIdp, TrustedResource } from '../idp/types.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';

/**
 * Finds a resource of the trust by its key or its URI. What the lock says about the same key must agree.
 * Throws `untrusted-resource`, before any request.
 */
export function findResource(trust: TrustedIdp, agent: LockedAgent, keyOrUri: string): TrustedResource {
  const found = trust.resources.find(({ key, uri }) => key === keyOrUri || uri === keyOrUri);
  if (found === undefined) {
    throw new AgentIdError('untrusted-resource', `${trust.name} has no trusted resource of this name`, {
      where: keyOrUri,
      hint: `There is: ${trust.resources.map(({ key }) => key).join(', ') || 'none'}. Trust comes from: agent-id idp add`,
    });
  }
  const locked = agent.resources.find(({ key }) => key === found.key);
  if (locked !== undefined && locked.uri !== found.uri) {
    throw new AgentIdError('untrusted-resource', 'the lock file gives this resource another address', {
      where: `${found.key}: ${locked.uri}`,
      hint: `Trusted is ${found.uri}. Review the change of agent-id.lock.json.`,
    });
  }
  return found;
}
