import type { AgentSpec } from '../model/agent.ts';
import type { Change, Registration } from './types.ts';

/** Says in lines for a person what a registration lacks of the wanted agent; none where it is the same. */
export function describeDifference(spec: AgentSpec, found: Registration): readonly string[] {
  const lines: string[] = [];
  if (found.displayName !== spec.displayName)
    lines.push(`name: ${found.displayName} becomes ${spec.displayName}`);
  for (const grant of spec.grants) {
    const now = found.grants.find((one) => one.uri === grant.uri)?.scopes ?? [];
    const added = grant.scopes.filter((scope) => !now.includes(scope));
    const dropped = now.filter((scope) => !grant.scopes.includes(scope));
    if (added.length > 0) lines.push(`${grant.uri}: adds ${added.join(' ')}`);
    if (dropped.length > 0) lines.push(`${grant.uri}: drops ${dropped.join(' ')}`);
  }
  for (const { uri } of found.grants) {
    if (!spec.grants.some((grant) => grant.uri === uri)) lines.push(`${uri}: no longer reachable`);
  }
  for (const key of spec.keys) {
    if (!found.keys.some((one) => one.kid === key.kid)) lines.push(`adds the key ${key.kid}`);
  }
  return lines;
}

/** Describes a create. */
export function toCreate(spec: AgentSpec, warnings: readonly string[] = []): Change {
  const grants = spec.grants.map(({ uri, scopes }) => `${uri}: ${scopes.join(' ')}`);
  return { kind: 'create', spec, lines: [`registers ${spec.displayName}`, ...grants, ...warnings] };
}

/** Describes what makes an existing registration of ours the wanted one. */
export function toUpdate(spec: AgentSpec, lines: readonly string[]): Change {
  return { kind: lines.length === 0 ? 'none' : 'update', spec, lines };
}
