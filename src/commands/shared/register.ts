import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { IdpAdapter, Registration, TrustedIdp } from '../../idp/types.ts';
import { readConfig } from '../../lib/config.ts';
import { readJsonIfThere } from '../../lib/files.ts';
import { findUp } from '../../lib/find-up.ts';
import { gitTop } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { agentKeyFile } from '../../lib/keys.ts';
import { lockName, readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import { writeLock } from '../../migrate/lock-write.ts';
import type { AgentSpec, LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';
import { toClientId, toDisplayName } from '../../plan/agents.ts';
import { tokenServerOf } from '../../plan/token-server.ts';
import { makeKey } from './enroll-key.ts';
import { audited } from './locked-agent.ts';
import { openIdp } from './migration.ts';

export interface RegisterOptions {
  readonly format: 'text' | 'json';
  readonly idp?: string;
  readonly dryRun?: boolean;
}

/** One agent as a person describes it: `resources` gives the scopes by the key of an API that the provider is trusted for. */
interface Described {
  readonly id: string;
  readonly displayName: string;
  readonly owner: string | null;
  readonly actsFor: 'user' | 'itself';
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

/** Registers agents that a file describes, makes their keys here, and writes the lock file. Repeating it changes nothing. */
export async function runRegister(file: string, options: RegisterOptions, io: Io): Promise<void> {
  const path = resolve(io.cwd, file);
  const described = parseAgents(await readJsonIfThere(path), file);
  const adapter = await openIdp(options.idp, io);
  const root = (await findUp(io.cwd, lockName)) ?? (await gitTop(io.cwd)) ?? dirname(path);
  const { salt } = await readConfig(root);
  const { agents } = await readLock(root);
  const specs = described.map((one) => ({
    one,
    spec: toSpec(one, adapter.trust, agents[one.id], salt ?? adapter.trust.issuer),
  }));
  const changes = [];
  for (const { one, spec } of specs) changes.push({ one, change: await adapter.plan(spec) });
  const conflict = changes.find(({ change }) => change.kind === 'conflict');
  if (conflict !== undefined)
    throw new AgentIdError('conflict', conflict.change.lines.join('; '), { where: conflict.one.id });
  for (const { one, change } of changes)
    io.stderr(
      `${printable(`${one.id}: ${change.kind === 'none' ? 'is as described' : change.lines.join('; ')}`)}\n`,
    );
  if (options.dryRun === true) {
    if (changes.some(({ change }) => change.kind !== 'none')) io.exitCode = 1;
    return;
  }
  for (const { one, spec } of specs) await register({ one, spec, adapter, root }, io);
  if (options.format === 'json')
    io.stdout(
      `${JSON.stringify({ ...envelope, registered: specs.map(({ spec: { id, clientId } }) => ({ id, clientId })) }, null, 2)}\n`,
    );
}

interface Job {
  readonly one: Described;
  readonly spec: AgentSpec;
  readonly adapter: IdpAdapter;
  readonly root: string;
}

/** The key first: a registration without one could not be used, a key without one does no harm. */
async function register({ one, spec, adapter, root }: Job, io: Io): Promise<void> {
  const { capabilities, trust } = adapter;
  const ready = await makeKey(one.id, capabilities.keyKind, { signer: [] }, io);
  await ready.keep();
  const { key } = ready;
  const scopes = spec.grants.flatMap((grant) => grant.scopes);
  const deed = { action: 'register', id: one.id, agent: spec, trust, scopes } as const;
  const found = await audited(deed, io, async () =>
    adapter.apply(await adapter.plan({ ...spec, keys: [key] })),
  );
  const lock = await readLock(root);
  const agent = toLocked(one, found, adapter.trust, lock.agents[one.id]);
  const keys = agent.keys.some(({ thumbprint }) => thumbprint === key.kid)
    ? agent.keys
    : [...agent.keys, { thumbprint: key.kid, name: hostname() }];
  const agents = { ...lock.agents, [one.id]: { ...agent, keys } };
  await writeLock(statePaths(io.env).tx, root, { ...lock, agents });
}

function toSpec(one: Described, trust: TrustedIdp, known: LockedAgent | undefined, salt: string): AgentSpec {
  if (known !== undefined && known.issuer !== trust.issuer)
    throw new AgentIdError('conflict', `${one.id} is registered at another provider`, {
      where: known.issuer,
    });
  return {
    id: one.id,
    displayName: one.displayName,
    owner: one.owner,
    actsFor: one.actsFor,
    clientId: known?.clientId ?? toClientId(one.id, `${salt}|register:${one.id}`),
    keys: [],
    grants: Object.entries(one.resources).map(([key, scopes]) => toGrant(key, scopes, trust)),
    marker: 'register',
  };
}

function toGrant(key: string, scopes: readonly string[], trust: TrustedIdp): AgentSpec['grants'][number] {
  const resource = trust.resources.find((one) => one.key === key);
  const where = `${trust.name}: ${key}`;
  if (resource === undefined)
    throw new AgentIdError('untrusted-resource', 'the provider is not trusted for this API', {
      where,
      hint: `It is for: ${trust.resources.map((one) => one.key).join(', ') || 'none'}`,
    });
  const strange = scopes.find((scope) => !resource.scopes.includes(scope));
  if (strange === undefined) return { uri: resource.uri, scopes, maxTtlSeconds: resource.maxTtlSeconds };
  throw new AgentIdError('untrusted-resource', `the API has no scope ${strange}`, {
    where,
    hint: `It has: ${resource.scopes.join(', ')}`,
  });
}

function toLocked(
  one: Described,
  found: Registration,
  trust: TrustedIdp,
  known: LockedAgent | undefined,
): LockedAgent {
  const evidence = known?.resources.flatMap(({ scopes }) => scopes) ?? [];
  return {
    ...known,
    displayName: one.displayName,
    owner: one.owner,
    idp: trust.name,
    issuer: trust.issuer,
    clientId: found.clientId,
    keys: known?.keys ?? [],
    flow: one.actsFor === 'user' ? 'on-behalf-of' : 'as-itself',
    resources: Object.entries(one.resources).map(([key, scopes]) => ({
      key,
      uri: toGrant(key, scopes, trust).uri,
      scopes: scopes.map((scope) => evidence.find((had) => had.scope === scope) ?? { scope, evidence: [] }),
      maxTtlSeconds: toGrant(key, scopes, trust).maxTtlSeconds,
      ...tokenServerOf(found.grants, toGrant(key, scopes, trust).uri),
    })),
    consumers: known?.consumers ?? [],
  };
}

function parseAgents(data: unknown, file: string): readonly Described[] {
  if (data === undefined) throw new AgentIdError('unreadable', 'there is no such file', { where: file });
  const agents = isRecord(data) ? data['agents'] : undefined;
  if (!isRecord(agents) || Object.keys(agents).length === 0) throw malformed(file, 'names no agents');
  return Object.entries(agents).map(([id, agent]) => parseAgent(id, agent, `${file}: ${id}`));
}

function parseAgent(id: string, data: unknown, where: string): Described {
  agentKeyFile({ keys: '' }, id);
  if (!isRecord(data)) throw malformed(where, 'is no object');
  const { actsFor, displayName = toDisplayName(id), owner = null, resources } = data;
  if (actsFor !== 'user' && actsFor !== 'itself')
    throw malformed(where, 'says not for whom it acts: actsFor is user or itself');
  if (typeof displayName !== 'string' || (owner !== null && typeof owner !== 'string'))
    throw malformed(where, 'has a displayName or owner that is no text');
  if (!isRecord(resources) || !Object.values(resources).every(isScopes))
    throw malformed(where, 'must name resources, each with a list of scopes');
  return { id, displayName, owner, actsFor, resources: resources as Described['resources'] };
}

function isScopes(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(where: string, what: string): AgentIdError {
  return new AgentIdError('malformed', `the description ${what}`, {
    where,
    hint: '{"agents": {"ID": {"actsFor": "user", "owner": "@team", "resources": {"API": ["SCOPE"]}}}}',
  });
}
