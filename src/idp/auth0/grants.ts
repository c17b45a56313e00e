import type { AgentSpec } from '../../model/agent.ts';
import type { AdminApi } from '../admin-api.ts';
import { toRecord } from '../metadata.ts';
import { toGrantBody } from './bodies.ts';
import { toTexts } from './client.ts';

/** What a client may reach (a client grant). */
export interface Auth0Grant {
  readonly id: string;
  readonly uri: string;
  readonly scopes: readonly string[];
  readonly subject: string;
  /** Every scope that the API has, now and later. */
  readonly all: boolean;
}

export async function listGrants(admin: AdminApi, clientId: string): Promise<readonly Auth0Grant[]> {
  const answer = await admin.ask({
    path: `/client-grants?client_id=${encodeURIComponent(clientId)}&take=100`,
    right: 'read:client_grants',
    what: `list the grants of ${clientId}`,
  });
  const found = Array.isArray(answer) ? answer : toRecord(answer)['client_grants'];
  return Array.isArray(found) ? found.map(toGrant) : [];
}

/** Makes the grants the wanted ones: adds, narrows, takes away. */
export async function setGrants(admin: AdminApi, clientId: string, spec: AgentSpec): Promise<void> {
  const subject = spec.actsFor === 'user' ? 'user' : 'client';
  const there = await listGrants(admin, clientId);
  const own = there.filter((one) => one.subject === subject);
  for (const grant of there) {
    const wanted = spec.grants.some(({ uri }) => uri === grant.uri) && own.includes(grant);
    if (!wanted) await deleteGrant(admin, grant);
  }
  for (const wanted of spec.grants) {
    const found = own.find(({ uri }) => uri === wanted.uri);
    if (found === undefined) await createGrant(admin, toGrantBody(clientId, wanted, spec.actsFor));
    else if (!isSame(found, wanted.scopes)) await narrowGrant(admin, found, wanted.scopes);
  }
}

/** Says in lines for a person what is not as it should be and what scopes alone do not show. */
export function describeGrants(there: readonly Auth0Grant[], spec: AgentSpec): readonly string[] {
  const subject = spec.actsFor === 'user' ? 'user' : 'client';
  return there.flatMap((grant) => [
    ...(grant.subject === subject ? [] : [`${grant.uri}: no longer reachable as ${grant.subject}`]),
    ...(grant.all ? [`${grant.uri}: every scope becomes the named ones`] : []),
  ]);
}

async function createGrant(admin: AdminApi, body: ReturnType<typeof toGrantBody>): Promise<void> {
  const what = `let it reach ${body.audience}`;
  await admin.ask({ method: 'POST', path: '/client-grants', right: 'create:client_grants', body, what });
}

async function narrowGrant(admin: AdminApi, grant: Auth0Grant, scopes: readonly string[]): Promise<void> {
  await admin.ask({
    method: 'PATCH',
    path: pathOf(grant),
    right: 'update:client_grants',
    body: { scope: [...scopes], ...(grant.all ? { allow_all_scopes: false } : {}) },
    what: `change what it reaches of ${grant.uri}`,
  });
}

async function deleteGrant(admin: AdminApi, grant: Auth0Grant): Promise<void> {
  const what = `take ${grant.uri} away`;
  await admin.ask({ method: 'DELETE', path: pathOf(grant), right: 'delete:client_grants', what });
}

function isSame(grant: Auth0Grant, scopes: readonly string[]): boolean {
  return (
    !grant.all && grant.scopes.length === scopes.length && scopes.every((one) => grant.scopes.includes(one))
  );
}

function pathOf({ id }: Auth0Grant): `/${string}` {
  return `/client-grants/${encodeURIComponent(id)}`;
}

function toGrant(value: unknown): Auth0Grant {
  const { id, audience, scope, subject_type: subject, allow_all_scopes: all } = toRecord(value);
  return {
    id: String(id),
    uri: String(audience),
    scopes: toTexts(scope),
    subject: typeof subject === 'string' ? subject : 'client',
    all: all === true,
  };
}
