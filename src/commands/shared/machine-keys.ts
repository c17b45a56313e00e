import type { Registration } from '../../idp/types.ts';
import type { LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';

/** The key of one machine. */
export interface MachineKey {
  readonly thumbprint: string;
  readonly name: string;
}

/** Gives the keys that the provider has, with the best name that is known; those of the lock where it has none of it. */
export function machinesOf(agent: LockedAgent, found: Registration | undefined): readonly MachineKey[] {
  if (found === undefined) return agent.keys;
  const named = new Map(agent.keys.map(({ thumbprint, name }) => [thumbprint, name]));
  return found.keys.map(({ kid }) => ({
    thumbprint: kid,
    name: found.machines?.[kid] ?? named.get(kid) ?? 'unnamed',
  }));
}

/** Finds a key by its machine's name, or by six characters or more of its thumbprint. Throws `unknown-name`, `ambiguous`. */
export function pickKey(keys: readonly MachineKey[], wanted: string): MachineKey {
  const [key, ...more] = keys.filter(
    ({ name, thumbprint }) => name === wanted || (wanted.length >= 6 && thumbprint.startsWith(wanted)),
  );
  const hint = `It has: ${keys.map(keyLine).join('; ') || 'none'}`;
  if (key === undefined)
    throw new AgentIdError('unknown-name', 'the agent has no such key', { where: wanted, hint });
  if (more.length > 0)
    throw new AgentIdError('ambiguous', 'that names more than one key', { where: wanted, hint });
  return key;
}

export function keyLine({ name, thumbprint }: MachineKey): string {
  return `${name} ${thumbprint}`;
}
