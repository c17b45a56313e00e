import { X509Certificate } from 'node:crypto';
import { toRsaJwk } from '../../lib/keys.ts';
import type { PublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { AdminApi } from '../admin-api.ts';
import { toRecord } from '../metadata.ts';
import { ourTag, readMark, toKeyBody, type ApplicationBody, type Mark } from './bodies.ts';
import { listGraph, quoted, type GraphObject } from './graph.ts';

/** An agent's app registration as Entra holds it. */
export interface Application {
  /** Entra's own, which its paths take. */
  readonly id: string;
  /** The client id, which Entra chooses. */
  readonly appId: string;
  readonly displayName: string;
  readonly tags: readonly string[];
  /** Null for an application that is not ours. */
  readonly mark: Mark | null;
  readonly keys: readonly Key[];
  readonly identifierUris: readonly string[];
}

/** A key credential; `kid` is empty for one that is no RSA certificate. */
interface Key {
  readonly kid: string;
  readonly name: string;
  readonly raw: GraphObject;
}

const right = 'Application.ReadWrite.OwnedBy';
const fields = '$select=id,appId,displayName,tags,keyCredentials,identifierUris';
/** Makes what is not there, in one request that may be repeated. */
export const createIfMissing = { prefer: 'create-if-missing' } as const;
const KEY_TRIES = 4;

/** Finds an application by its client id, or by the one that we would have chosen: that is its unique name. */
export async function findApplication(graph: AdminApi, id: string): Promise<Application | undefined> {
  const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const path = guid ? `/applications(appId=${quoted(id)})` : pathOfName(id);
  const found = await graph.ask({ path: `${path}?${fields}`, right, what: `look for ${id}` });
  return found === undefined ? undefined : toApplication(found);
}

/** Lists the applications with our tag; their keys are shown only one by one. */
export async function listApplications(graph: AdminApi): Promise<readonly Application[]> {
  const filter = encodeURIComponent(`tags/any(t:t eq '${ourTag}')`);
  const found = await listGraph(graph, {
    path: `/applications?$filter=${filter}&$select=id,appId`,
    right,
    what: 'list its applications',
  });
  const whole = await Promise.all(found.map(({ appId }) => findApplication(graph, String(appId))));
  return whole.filter((one) => one !== undefined);
}

/** Makes the application under our unique name, or changes it: safe to repeat, also after a lost answer. */
export async function putApplication(
  graph: AdminApi,
  name: string,
  body: ApplicationBody,
): Promise<Application> {
  const what = `register ${body.displayName ?? name}`;
  await graph.ask({ method: 'PATCH', path: pathOfName(name), right, headers: createIfMissing, body, what });
  const made = await findApplication(graph, name);
  if (made === undefined) throw gone(name);
  return made;
}

/** Writes some fields; everything else stays as Entra holds it. */
export async function changeApplication(
  graph: AdminApi,
  app: Application,
  body: ApplicationBody,
): Promise<Application> {
  await graph.ask({ method: 'PATCH', path: pathOf(app), right, body, what: `change ${app.appId}` });
  const now = await findApplication(graph, app.appId);
  if (now === undefined) throw gone(app.appId);
  return now;
}

/**
 * Adds keys, or takes one away; all others are sent back as they came, since Entra replaces the list. Two machines may
 * enrol at once: so it is read back, and written again.
 */
export async function changeKeys(
  graph: AdminApi,
  app: Application,
  { add = [], remove, machine }: { add?: readonly PublicJwk[]; remove?: string; machine?: string },
): Promise<Application> {
  let now = app;
  for (let tries = 0; tries < KEY_TRIES; tries += 1) {
    const fresh = add.filter((key) => !now.keys.some(({ kid }) => kid === key.kid));
    const kept = now.keys.filter(({ kid }) => remove === undefined || kid !== remove);
    if (fresh.length === 0 && kept.length === now.keys.length) return now;
    // Sent back as it came: what is not a certificate of ours may have fields that we do not know.
    const keyCredentials = [...kept.map(({ raw }) => raw), ...fresh.map((key) => toKeyBody(key, machine))];
    const body = { keyCredentials } as ApplicationBody;
    now = await changeApplication(graph, now, body);
  }
  throw new AgentIdError('conflict', 'somebody else changes the keys of this agent all the time', {
    where: app.appId,
    hint: 'Do the same again.',
  });
}

/** Deletes an application with its service principal, for good; a missing one is no error. */
export async function deleteApplication(graph: AdminApi, app: Application): Promise<void> {
  const what = `delete ${app.appId}`;
  await graph.ask({ method: 'DELETE', path: pathOf(app), right, what });
  // It lies among the deleted ones for 30 days, unless the administrator may end that too.
  const path = `/directory/deletedItems/${encodeURIComponent(app.id)}`;
  await graph.ask({ method: 'DELETE', path, right, what }).catch((error: unknown) => {
    if (!(error instanceof AgentIdError && error.code === 'idp-refused')) throw error;
  });
}

export function pathOf({ id }: Application): string {
  return `/applications/${encodeURIComponent(id)}`;
}

export function gone(name: string): AgentIdError {
  return new AgentIdError('unknown-name', `Entra has no application ${name}`);
}

function pathOfName(name: string): string {
  return `/applications(uniqueName=${quoted(name)})`;
}

function toApplication(value: unknown): Application {
  const { id, appId, displayName, tags, keyCredentials: keys, identifierUris: uris } = toRecord(value);
  if (typeof id !== 'string' || typeof appId !== 'string')
    throw new AgentIdError('idp-refused', 'Microsoft Graph answered with something that is no application');
  return {
    id,
    appId,
    displayName: String(displayName),
    tags: toTexts(tags),
    mark: readMark(toTexts(tags)),
    keys: Array.isArray(keys) ? keys.map((key) => toKey(toRecord(key))) : [],
    identifierUris: toTexts(uris),
  };
}

function toKey(raw: GraphObject): Key {
  return { kid: readKid(raw['key']), name: String(raw['displayName']), raw };
}

function readKid(key: unknown): string {
  if (typeof key !== 'string') return '';
  try {
    const { publicKey } = new X509Certificate(Buffer.from(key, 'base64'));
    return publicKey.asymmetricKeyType === 'rsa' ? toRsaJwk(publicKey).kid : '';
  } catch {
    return '';
  }
}

export function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
