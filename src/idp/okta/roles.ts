import { toRecord } from '../metadata.ts';
import type { OktaAdmin } from './admin.ts';
import { ensure } from '../ensure.ts';
import { nextCursor } from './pages.ts';

/** What a permission's family reaches; a person may narrow the resource set at Okta. */
const families: Readonly<Record<string, string>> = {
  'okta.users.': '/api/v1/users',
  'okta.groups.': '/api/v1/groups',
  'okta.apps.': '/api/v1/apps',
};

const read = 'okta.roles.read';
const manage = 'okta.roles.manage';

/** Gives an agent a custom admin role of its own over a resource set of its own. Empty permissions take it away. */
export async function setRole(admin: OktaAdmin, clientId: string, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return removeRole(admin, clientId);
  const label = toLabel(clientId);
  const role = await ensureNamed(admin, 'roles', label, { permissions: wanted });
  await setPermissions(admin, role, wanted);
  const resources = toResources(admin.org, wanted);
  const set = await ensureNamed(admin, 'resource-sets', label, { resources });
  await ensureAssigned(admin, clientId, { role, set });
}

/**
 * Assigns a role once. An assignment has no name that could be taken already: of two that were made at once, all see
 * both and all keep the same one.
 */
async function ensureAssigned(
  admin: OktaAdmin,
  clientId: string,
  { role, set }: { readonly role: string; readonly set: string },
): Promise<void> {
  const held = async (): Promise<readonly string[]> =>
    (await listAssignments(admin, clientId))
      .filter((one) => one.role === role)
      .map(({ id }) => id)
      .sort();
  const { found, made } = await ensure(
    async () => {
      const ids = await held();
      return ids.length === 0 ? undefined : ids;
    },
    async () => {
      const { id } = await admin.make({
        method: 'POST',
        path: `/oauth2/v1/clients/${encodeURIComponent(clientId)}/roles`,
        scope: manage,
        body: { type: 'CUSTOM', role, 'resource-set': set },
        what: `give ${clientId} its role`,
      });
      return [String(id)];
    },
  );
  const [, ...more] = made ? await held() : found;
  for (const id of more) await unassign(admin, clientId, id);
}

/** Takes an agent's role and resource set away; missing ones are no error. */
export async function removeRole(admin: OktaAdmin, clientId: string): Promise<void> {
  const what = `take the role of ${clientId} away`;
  const label = toLabel(clientId);
  const [role, set] = [
    await findNamed(admin, 'roles', label),
    await findNamed(admin, 'resource-sets', label),
  ];
  for (const { id, role: held } of await listAssignments(admin, clientId)) {
    if (held === role) await unassign(admin, clientId, id);
  }
  if (set !== undefined)
    await admin.ask({ method: 'DELETE', path: `/api/v1/iam/resource-sets/${set}`, scope: manage, what });
  if (role !== undefined)
    await admin.ask({ method: 'DELETE', path: `/api/v1/iam/roles/${role}`, scope: manage, what });
}

async function unassign(admin: OktaAdmin, clientId: string, id: string): Promise<void> {
  const path = `/oauth2/v1/clients/${encodeURIComponent(clientId)}/roles/${encodeURIComponent(id)}`;
  await admin.ask({ method: 'DELETE', path, scope: manage, what: `take the role of ${clientId} away` });
}

/** Gives the permissions of an agent's role; `undefined` where it has none of our making. */
export async function readPermissions(
  admin: OktaAdmin,
  clientId: string,
): Promise<readonly string[] | undefined> {
  const role = await findNamed(admin, 'roles', toLabel(clientId));
  return role === undefined ? undefined : listPermissions(admin, role);
}

async function setPermissions(admin: OktaAdmin, role: string, wanted: readonly string[]): Promise<void> {
  const now = await listPermissions(admin, role);
  const path = (permission: string): string => `/api/v1/iam/roles/${role}/permissions/${permission}`;
  const what = 'change a custom admin role';
  for (const one of now.filter((permission) => !wanted.includes(permission))) {
    await admin.ask({ method: 'DELETE', path: path(one), scope: manage, what });
  }
  for (const one of wanted.filter((permission) => !now.includes(permission))) {
    await ensure(
      async () => (await listPermissions(admin, role)).find((permission) => permission === one),
      async () => {
        await admin.make({ method: 'POST', path: path(one), scope: manage, what });
        return one;
      },
    );
  }
}

async function listPermissions(admin: OktaAdmin, role: string): Promise<readonly string[]> {
  const what = 'read a custom admin role';
  const answer = await admin.ask({ path: `/api/v1/iam/roles/${role}/permissions`, scope: read, what });
  return toRows(answer?.['permissions']).map((permission) => String(permission['label']));
}

async function listAssignments(
  admin: OktaAdmin,
  clientId: string,
): Promise<readonly { readonly id: string; readonly role: string }[]> {
  const found = await admin.list({
    path: `/oauth2/v1/clients/${encodeURIComponent(clientId)}/roles`,
    scope: read,
    what: `list the roles of ${clientId}`,
  });
  return found.map((one) => ({ id: String(one['id']), role: String(one['role']) }));
}

type Kind = 'roles' | 'resource-sets';

async function ensureNamed(admin: OktaAdmin, kind: Kind, label: string, more: object): Promise<string> {
  const { found } = await ensure(
    () => findNamed(admin, kind, label),
    async () => {
      const made = await admin.make({
        method: 'POST',
        path: `/api/v1/iam/${kind}`,
        scope: manage,
        body: { label, description: 'Made by agent-id for one agent.', ...more },
        what: `make the ${kind === 'roles' ? 'role' : 'resource set'} ${label}`,
      });
      return String(made['id']);
    },
  );
  return found;
}

/** Okta's paths take a label too, but a list cannot mistake a label for somebody's id. */
async function findNamed(admin: OktaAdmin, kind: Kind, label: string): Promise<string | undefined> {
  let after = '';
  for (let page = 0; page < 100; page += 1) {
    const answer = await admin.ask({
      path: `/api/v1/iam/${kind}${after}`,
      scope: read,
      what: `list its ${kind}`,
    });
    const found = toRows(answer?.[kind]).find((one) => one['label'] === label);
    if (found !== undefined) return String(found['id']);
    const next = nextCursor(answer);
    if (next === undefined) return undefined;
    after = `?after=${encodeURIComponent(next)}`;
  }
  return undefined;
}

function toResources(org: string, wanted: readonly string[]): readonly string[] {
  const used = Object.entries(families).filter(([prefix]) => wanted.some((one) => one.startsWith(prefix)));
  return used.map(([, path]) => `${org}${path}`);
}

function toLabel(clientId: string): string {
  return `agent-id ${clientId}`;
}

function toRows(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(toRecord) : [];
}
