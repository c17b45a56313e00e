import type { IncomingMessage, ServerResponse } from 'node:http';
import { assertAdmin } from './assertions.ts';
import type { Idp } from './context.ts';
import { decideEnrollment, makeEnrollmentCode, showEnrollment } from './enrollments.ts';
import { toWire } from './metadata.ts';
import {
  createAgent,
  findAgent,
  removeAgent,
  restoreAgent,
  revokeAgent,
  updateAgent,
} from './registrations.ts';
import { listResources, putResource } from './resources.ts';
import { readJson, Refusal, sendJson } from './wire.ts';

interface Call {
  readonly idp: Idp;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** `id` is the last variable part of the path, decoded. Gives the body; `undefined` is answered with 204. */
interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly run: (call: Call, id: string) => Promise<object | undefined>;
}

/** Answers registration (RFC 7591, RFC 7592) and administration: for the holder of the admin key only. */
export async function answerAdmin(call: Call): Promise<void> {
  const { idp, request, response, url } = call;
  await assertAdmin(idp, request);
  for (const { method, path, status, run } of routes) {
    const match = request.method === method ? path.exec(url.pathname) : null;
    if (match === null) continue;
    const body = await run(call, decode(match[1] ?? ''));
    if (body === undefined) response.writeHead(204).end();
    else sendJson(response, status, body);
    return;
  }
  throw new Refusal(404, 'not_found', 'there is nothing here');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, 'invalid_request', 'the path is malformed');
  }
}

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/register$/,
    status: 200,
    run: async ({ idp }) => ({
      clients: [...idp.state.data.agents.values()].map((agent) => toWire(idp, agent)),
    }),
  },
  {
    method: 'POST',
    path: /^\/register$/,
    status: 201,
    run: async ({ idp, request }) => toWire(idp, await createAgent(idp, await readJson(request))),
  },
  {
    method: 'GET',
    path: /^\/register\/([^/]+)$/,
    status: 200,
    run: async ({ idp }, id) => toWire(idp, findAgent(idp, id)),
  },
  {
    method: 'PUT',
    path: /^\/register\/([^/]+)$/,
    status: 200,
    run: async ({ idp, request }, id) => toWire(idp, await updateAgent(idp, id, await readJson(request))),
  },
  {
    method: 'DELETE',
    path: /^\/register\/([^/]+)$/,
    status: 204,
    run: async ({ idp }, id) => {
      await removeAgent(idp, id);
      return undefined;
    },
  },
  {
    method: 'POST',
    path: /^\/register\/([^/]+)\/revoke$/,
    status: 200,
    run: async ({ idp }, id) => toWire(idp, await revokeAgent(idp, id)),
  },
  {
    method: 'POST',
    path: /^\/register\/([^/]+)\/restore$/,
    status: 200,
    run: async ({ idp }, id) => toWire(idp, await restoreAgent(idp, id)),
  },
  {
    method: 'POST',
    path: /^\/register\/([^/]+)\/code$/,
    status: 201,
    run: async ({ idp }, id) => makeEnrollmentCode(idp, id),
  },
  {
    method: 'GET',
    path: /^\/admin\/enrollments\/([\w-]{8,9})$/,
    status: 200,
    run: async ({ idp }, code) => showEnrollment(idp, code),
  },
  {
    method: 'POST',
    path: /^\/admin\/enrollments\/([\w-]{8,9})\/approve$/,
    status: 200,
    run: async ({ idp }, code) => decideEnrollment(idp, code, true),
  },
  {
    method: 'POST',
    path: /^\/admin\/enrollments\/([\w-]{8,9})\/deny$/,
    status: 200,
    run: async ({ idp }, code) => decideEnrollment(idp, code, false),
  },
  { method: 'GET', path: /^\/admin\/resources$/, status: 200, run: async ({ idp }) => listResources(idp) },
  {
    method: 'PUT',
    path: /^\/admin\/resources\/([a-z0-9][a-z0-9-]{0,62})$/,
    status: 200,
    run: async ({ idp, request }, key) => putResource(idp, key, await readJson(request)),
  },
  {
    method: 'GET',
    path: /^\/admin\/events$/,
    status: 200,
    run: async ({ idp, url }) => ({ events: idp.events.since(Number(url.searchParams.get('since') ?? 0)) }),
  },
  {
    method: 'POST',
    path: /^\/admin\/stop$/,
    status: 202,
    run: async ({ idp, response }) => {
      response.once('finish', idp.requestStop);
      return {};
    },
  },
];
