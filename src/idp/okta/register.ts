import type { AgentSpec, Grant } from '../../model/agent.ts';
import { describeDifference, toCreate, toUpdate } from '../difference.ts';
import type { Change, Registration } from '../types.ts';
import {
  readAccess,
  readPolicies,
  removeLeft,
  setAccess,
  toMinutes,
  toNote,
  type Access,
  type Policies,
} from './access.ts';
import type { OktaAdmin } from './admin.ts';
import {
  changeApp,
  createApp,
  findApp,
  gone,
  listApps,
  switchApp,
  toGrantTypes,
  toMark,
  type Flows,
  type OktaApp,
} from './app.ts';
import { setConsents } from './consents.ts';
import { addAppKey } from './keys.ts';
import { toPermissions } from './permissions.ts';
import { isOwnApi } from './own-api.ts';
import { ownScopes, toRegistration } from './registration.ts';
import { readPermissions, removeRole, setRole } from './roles.ts';
import { deletePolicy } from './servers.ts';
import { ensureTrusted, readUntrusted, signInServer } from './trusted-servers.ts';
import { assertScopeNames, conflict, isBound, sameOrLine, serverLines } from './spec.ts';

/** Compares the wanted agent with what is there, and says what Okta cannot do for it. Reads only. */
export async function planAgent(admin: OktaAdmin, spec: AgentSpec): Promise<Change> {
  assertScopeNames(admin, spec);
  const apps = await listApps(admin);
  const policies = await readPolicies(admin);
  const app = apps.find((one) => one.clientId === spec.clientId);
  if (app === undefined)
    return toCreate(spec, [
      ...warnings(admin, spec, policies),
      ...(await readUntrusted(admin, spec, policies)).others,
      ...namesakes(apps, spec),
    ]);
  if (app.mark === null) {
    return { kind: 'conflict', spec, lines: [`${spec.clientId} is in use by something that is not ours`] };
  }
  return toUpdate(spec, (await compare(admin, app, spec, policies)).lines);
}

/**
 * Registers or updates. The application is made switched off, gets all its parts, and only then is switched on:
 * a cut in between leaves something that can do nothing, which the next run finishes or takes away.
 */
export async function registerAgent(admin: OktaAdmin, { kind, spec }: Change): Promise<Registration> {
  if (kind === 'conflict') throw conflict(spec.clientId);
  assertScopeNames(admin, spec);
  const app = await claimApp(admin, kind, spec);
  const { lines, permissions } = await compare(admin, app, spec, await readPolicies(admin));
  if (lines.length > 0) await setAll(admin, app, spec, permissions);
  const now = await findApp(admin, spec.clientId);
  if (now === undefined) throw gone(spec.clientId);
  return toRegistration(admin, now, await readAccess(admin, spec.clientId, await readPolicies(admin)));
}

/** Takes away everything of an agent but its application: policies, what was made for it alone, its role. */
export async function removeParts(admin: OktaAdmin, app: OktaApp): Promise<void> {
  const policies = await readPolicies(admin);
  for (const access of await readAccess(admin, app.clientId, policies)) {
    await deletePolicy(admin, access.server, access.policy);
  }
  for (const { server } of policies) await removeLeft(admin, server, toNote(app.mark?.marker ?? ''));
  await removeRole(admin, app.clientId);
}

async function claimApp(admin: OktaAdmin, kind: Change['kind'], spec: AgentSpec): Promise<OktaApp> {
  const app = (await findApp(admin, spec.clientId)) ?? (await createApp(admin, spec, flowsOf(admin, spec)));
  const created = kind === 'create' && app.mark?.marker !== spec.marker;
  if (app.mark === null || created) throw conflict(spec.clientId);
  return app;
}

async function setAll(
  admin: OktaAdmin,
  app: OktaApp,
  spec: AgentSpec,
  permissions: readonly string[],
): Promise<void> {
  const marker = app.mark?.marker ?? spec.marker;
  const known = new Set(app.keys.map((key) => key.kid));
  for (const key of spec.keys) if (!known.has(key.kid)) await addAppKey(admin, app, key);
  const own = ownScopes(admin, spec.grants);
  await setConsents(admin, app, own);
  await setRole(admin, spec.clientId, permissions);
  await setServers(admin, spec, marker);
  const flows = flowsOf(admin, spec);
  const wanted = { label: spec.displayName, grantTypes: toGrantTypes(flows), bound: flows.bound };
  if (app.mark?.complete === false) await switchApp(admin, app, 'activate');
  const fresh = (await findApp(admin, spec.clientId)) ?? app;
  await changeApp(admin, fresh, { ...wanted, mark: toMark(spec, true, marker) });
}

async function setServers(admin: OktaAdmin, spec: AgentSpec, marker: string): Promise<void> {
  const wanted = spec.grants.filter(({ uri }) => !isOwnApi(admin, uri));
  const now = await readAccess(admin, spec.clientId, await readPolicies(admin));
  for (const { server, policy, uri } of now) {
    if (!wanted.some((grant) => grant.uri === uri)) await deletePolicy(admin, server, policy);
  }
  const flows = { onBehalf: spec.actsFor === 'user', asItself: spec.actsFor !== 'user' };
  const signIn = signInServer(admin, spec);
  for (const grant of wanted) {
    const rights = { grantTypes: toGrantTypes(flows), note: toNote(marker) };
    const server = await setAccess(admin, spec.clientId, grant, rights);
    if (signIn !== undefined) await ensureTrusted(admin, server, signIn);
  }
}

interface Compared {
  /** What would change, for the person. */
  readonly lines: readonly string[];
  /** What the agent's own role is to hold. */
  readonly permissions: readonly string[];
}

async function compare(
  admin: OktaAdmin,
  app: OktaApp,
  spec: AgentSpec,
  policies: readonly Policies[],
): Promise<Compared> {
  const access = await readAccess(admin, spec.clientId, policies);
  const now = await toRegistration(admin, app, access);
  const lines = [...describeDifference(spec, now)];
  const { mark } = app;
  if (mark?.complete === false) lines.push('finishes a registration that was cut off');
  if (mark !== null && mark.owner !== spec.owner)
    lines.push(`owner: ${mark.owner ?? 'nobody'} becomes ${spec.owner ?? 'nobody'}`);
  if (mark !== null && mark.actsFor !== spec.actsFor)
    lines.push(`acts for: ${mark.actsFor} becomes ${spec.actsFor}`);
  const flows = flowsOf(admin, spec);
  lines.push(...sameOrLine('ways to get a token', app.grantTypes, toGrantTypes(flows)));
  if (app.bound !== flows.bound)
    lines.push(`its tokens are ${flows.bound ? 'now' : 'no longer'} bound to a key`);
  lines.push(...spec.grants.flatMap((grant) => compareRule(access, grant, spec)));
  lines.push(...(await readUntrusted(admin, spec, policies)).ours);
  const held = {
    scopes: now.grants.filter(({ uri }) => isOwnApi(admin, uri)).flatMap(({ scopes }) => scopes),
    permissions: (await readPermissions(admin, spec.clientId)) ?? [],
  };
  const own = spec.grants.filter(({ uri }) => isOwnApi(admin, uri));
  const { permissions } = toPermissions(own, held);
  lines.push(...sameOrLine('admin role', held.permissions, permissions));
  return { lines, permissions };
}

function compareRule(access: readonly Access[], grant: Grant, spec: AgentSpec): readonly string[] {
  const found = access.find((one) => one.uri === grant.uri);
  if (found === undefined) return [];
  const minutes = toMinutes(grant.maxTtlSeconds);
  const flows = { onBehalf: spec.actsFor === 'user', asItself: spec.actsFor !== 'user' };
  return [
    ...(found.lifetimeMinutes === minutes
      ? []
      : [`${grant.uri}: tokens live ${minutes} minutes, not ${found.lifetimeMinutes}`]),
    ...sameOrLine(`${grant.uri}: grant types`, found.grantTypes, toGrantTypes(flows)),
  ];
}

/** Okta's own API gives tokens to the agent itself only, whomever it acts for. */
function flowsOf(admin: OktaAdmin, spec: AgentSpec): Flows {
  const own = spec.grants.some(({ uri }) => isOwnApi(admin, uri));
  const custom = spec.grants.some(({ uri }) => !isOwnApi(admin, uri));
  return {
    onBehalf: spec.actsFor === 'user' && custom,
    asItself: spec.actsFor !== 'user' || own,
    bound: isBound(admin, spec),
  };
}

function warnings(admin: OktaAdmin, spec: AgentSpec, policies: readonly Policies[]): readonly string[] {
  const lines: string[] = [];
  const own = spec.grants.filter(({ uri }) => isOwnApi(admin, uri));
  if (own.length > 0) {
    lines.push(
      `Okta's own API (${ownScopes(admin, own).join(' ')}): its tokens live one hour and name the agent, no user. ` +
        'Either accept that, narrowed by a custom admin role, or put a company API in front that takes five-minute tokens.',
    );
    const { permissions, uncovered } = toPermissions(own);
    if (permissions.length > 0) lines.push(`makes an admin role of its own: ${permissions.join(' ')}`);
    if (uncovered.length > 0)
      lines.push(`no custom admin role carries ${uncovered.join(' ')}: give a standard role by hand`);
  }
  if (isBound(admin, spec)) lines.push('all its tokens are bound to a key of the process that asks (DPoP)');
  return [...lines, ...serverLines(admin, spec, policies)];
}

function namesakes(apps: readonly OktaApp[], spec: AgentSpec): readonly string[] {
  const same = apps.filter((app) => app.label === spec.displayName).length;
  return same === 0 ? [] : [`another application is called ${spec.displayName}: it stays as it is`];
}
