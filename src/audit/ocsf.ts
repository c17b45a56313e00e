import { fromTimestamp } from '../lib/clock.ts';
import type { AuditAction, AuditEntry } from '../model/audit-entry.ts';
import { toSentence } from './render.ts';

/** The version of OCSF that events are written in; later ones of 1.x take them too. */
const ocsfVersion = '1.3.0';

interface EventClass {
  readonly category_uid: number;
  readonly category_name: string;
  readonly class_uid: number;
  readonly class_name: string;
}

const authentication: EventClass = {
  category_uid: 3,
  category_name: 'Identity & Access Management',
  class_uid: 3002,
  class_name: 'Authentication',
};

const apiActivity: EventClass = {
  category_uid: 6,
  category_name: 'Application Activity',
  class_uid: 6003,
  class_name: 'API Activity',
};

type Activity = readonly [id: number, name: string];

const create: Activity = [1, 'Create'];
const read: Activity = [2, 'Read'];
const update: Activity = [3, 'Update'];
const remove: Activity = [4, 'Delete'];

/** What each action is to OCSF. Its ticket requests are those of Kerberos: an exchange is none of them. */
const activities: Readonly<Record<Exclude<AuditAction, 'call'>, readonly [EventClass, ...Activity]>> = {
  login: [authentication, 1, 'Logon'],
  logout: [authentication, 2, 'Logoff'],
  exchange: [authentication, 99, 'Token Exchange'],
  ask: [authentication, 99, 'Consent Request'],
  register: [apiActivity, ...create],
  enroll: [apiActivity, ...update],
  revoke: [apiActivity, ...update],
  restore: [apiActivity, ...update],
  rotate: [apiActivity, ...update],
  migrate: [apiActivity, ...update],
  rollback: [apiActivity, ...update],
  review: [apiActivity, 99, 'Review'],
  remove: [apiActivity, ...remove],
  retire: [apiActivity, ...remove],
};

/** A POST may be anything: it is told as what it is. */
const methods: Readonly<Record<string, Activity>> = {
  GET: read,
  HEAD: read,
  PUT: update,
  PATCH: update,
  DELETE: remove,
};

/**
 * Renders entries as events of the Open Cybersecurity Schema Framework, one JSON object a line: what an agent sent is
 * API Activity, tokens and sign-ins are Authentication. The whole entry is in `raw_data`, so that its hash can still be
 * checked. `version` is that of this program. Names no host. @see https://schema.ocsf.io/1.3.0
 */
export function toOcsf(entries: readonly AuditEntry[], version: string): string {
  return entries.map((entry) => `${JSON.stringify(toEvent(entry, version))}\n`).join('');
}

function toEvent(entry: AuditEntry, version: string): object {
  const [kind, activity_id, activity_name] = activityOf(entry);
  return {
    ...kind,
    activity_id,
    activity_name,
    type_uid: kind.class_uid * 100 + activity_id,
    type_name: `${kind.class_name}: ${activity_name}`,
    time: fromTimestamp(entry.time),
    message: toSentence(entry),
    ...toStatus(entry),
    metadata: {
      version: ocsfVersion,
      product: { name: 'agent-id', vendor_name: 'agent-id', version },
      log_name: 'audit',
      event_code: entry.action,
      uid: entry.hash,
      sequence: entry.seq,
      original_time: entry.time,
    },
    ...(kind === apiActivity ? toCall(entry) : toSignIn(entry)),
    unmapped: { as_itself: entry.asItself, scopes: entry.scopes, jti: entry.jti },
    raw_data: JSON.stringify(entry),
  };
}

function activityOf({ action, operation }: AuditEntry): readonly [EventClass, ...Activity] {
  if (action !== 'call') return activities[action];
  const method = /^[A-Z]+(?= )/.exec(operation ?? '')?.[0] ?? '';
  return [apiActivity, ...(methods[method] ?? [99, method === '' ? 'Call' : method])];
}

function toStatus({ result, reason }: AuditEntry): object {
  if (result === 'ok') return { severity_id: 1, severity: 'Informational', status_id: 1, status: 'Success' };
  const severity =
    result === 'denied' ? { severity_id: 3, severity: 'Medium' } : { severity_id: 2, severity: 'Low' };
  const detail = reason === null ? {} : { status_code: reason, status_detail: `${result}: ${reason}` };
  return { ...severity, status_id: 2, status: 'Failure', ...detail };
}

function toCall(entry: AuditEntry): object {
  const { action, operation, resource } = entry;
  const service = toService(entry);
  return {
    api: { operation: operation ?? action, ...(service === null ? {} : { service }) },
    actor: { ...toApp(entry), ...(entry.user === null ? {} : { user: toUser(entry) }) },
    src_endpoint: { svc_name: entry.agent?.clientId ?? 'agent-id' },
    ...(resource === null ? {} : { resources: [{ name: resource.displayName, uid: resource.uri }] }),
  };
}

/** Whom a token is for is the user; without one the agent is its own. */
function toSignIn(entry: AuditEntry): object {
  return {
    user: toUser(entry),
    actor: toApp(entry),
    service: toService(entry) ?? { name: 'agent-id' },
    ...(entry.action === 'logout' ? {} : { auth_protocol_id: 6, auth_protocol: 'OAUTH 2.0' }),
  };
}

function toUser({ user, agent }: AuditEntry): object {
  if (user !== null) return { name: user, type_id: 1, type: 'User' };
  if (agent === null) return { name: 'unknown', type_id: 0, type: 'Unknown' };
  return { name: agent.displayName, uid: agent.clientId, type_id: 3, type: 'System' };
}

function toApp({ agent }: AuditEntry): object {
  return agent === null ? { app_name: 'agent-id' } : { app_name: agent.displayName, app_uid: agent.clientId };
}

function toService({ resource }: AuditEntry): object | null {
  return resource === null ? null : { name: resource.displayName, uid: resource.uri };
}
