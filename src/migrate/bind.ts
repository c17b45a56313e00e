import type { IdpAdapter, StaticSecret } from '../idp/types.ts';
import type { MappedSecret } from '../model/consumer.ts';
import { AgentIdError } from '../model/error.ts';
import type { PlannedSecret } from '../model/plan.ts';

/**
 * Binds a secret to the provider's own id of it before the first edit, because a value that is gone cannot be
 * revoked. A choice by the person wins; else the only candidate. Throws `unknown-name` for a
 * chosen id that the provider does not list.
 */
export async function bindSecret(
  secret: MappedSecret,
  adapter: IdpAdapter,
  chosen: string | undefined,
): Promise<PlannedSecret> {
  const outline = {
    secret: secret.secret,
    names: secret.names,
    rule: secret.rule,
    provider: secret.provider,
  };
  const listed = await candidates(secret, adapter);
  const found = chosen === undefined ? only(listed) : listed.find((one) => one.id === chosen);
  if (chosen !== undefined && found === undefined) {
    throw new AgentIdError('unknown-name', `the provider lists no secret with the id ${chosen}`, {
      hint: `It lists: ${listed.map(describe).join('; ') || 'none'}.`,
    });
  }
  if (found !== undefined) {
    const why =
      chosen === undefined
        ? `the only one that the provider lists: ${describe(found)}`
        : `chosen: ${describe(found)}`;
    return { ...outline, handle: { id: found.id, name: found.name, owner: found.owner }, why };
  }
  const why =
    listed.length === 0
      ? 'the provider lists none: revoke it by hand when nothing uses it'
      : `${listed.length} candidates; choose with --handle secret:${secret.secret.slice(0, 8)}=ID: ${listed.map(describe).join('; ')}`;
  return { ...outline, handle: null, why };
}

async function candidates(secret: MappedSecret, adapter: IdpAdapter): Promise<readonly StaticSecret[]> {
  try {
    return await adapter.staticSecrets(secret.provider);
  } catch (error) {
    if (error instanceof AgentIdError && error.code === 'unsupported') return [];
    throw error;
  }
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function describe(secret: StaticSecret): string {
  const used = secret.lastUsedAt === null ? '' : `, last used ${secret.lastUsedAt}`;
  return `${secret.id} "${secret.name}"${secret.owner === null ? '' : ` of ${secret.owner}`}${used}`;
}
