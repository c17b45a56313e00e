import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { hasCode, makePrivateFolder, readJsonIfThere, writeWhole } from '../../lib/files.ts';
import { AgentIdError } from '../../model/error.ts';
import { assertPrivate } from './store.ts';
import { toRecord } from './state.ts';

/** Ports of the provider and its two sandbox APIs. Fixed at the first start: they are part of identifiers. */
export interface Ports {
  readonly idp: number;
  readonly okta: number;
  readonly passwordApi: number;
}

/** Servers that listen on 127.0.0.1 and answer nothing yet. */
export interface Listeners {
  readonly ports: Ports;
  readonly idp: Server;
  readonly okta: Server;
  readonly passwordApi: Server;
}

/** Makes the data folder, or checks that it is this user's alone. Throws `unreadable`. */
export async function openDataFolder(dataDir: string): Promise<void> {
  await assertPrivate(dataDir);
  await makePrivateFolder(dataDir);
}

/**
 * Listens on the stored ports, or picks and stores them at the first start.
 * Throws `port-taken`, never another port, and `usage` for a port other than the stored one.
 */
export async function listen(dataDir: string, wanted: number): Promise<Listeners> {
  const path = join(dataDir, 'server.json');
  await assertPrivate(path);
  const stored = await readPorts(path);
  if (stored !== undefined && wanted !== 0 && wanted !== stored.idp) {
    throw new AgentIdError('usage', `this identity provider was first started on port ${stored.idp}`, {
      where: path,
      hint: 'The port is part of its name. Leave --port out, or start another one with --data.',
    });
  }
  const asked = stored ?? { idp: wanted, okta: 0, passwordApi: 0 };
  const servers: Server[] = [];
  try {
    for (const port of [asked.idp, asked.okta, asked.passwordApi]) servers.push(await open(port));
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const [idp, okta, passwordApi] = servers as [Server, Server, Server];
  const ports = { idp: portOf(idp), okta: portOf(okta), passwordApi: portOf(passwordApi) };
  if (stored === undefined) await writeWhole(path, `${JSON.stringify({ schemaVersion: 1, ports })}\n`);
  return { ports, idp, okta, passwordApi };
}

/** Replaces what a server answers with while it starts. */
export function answerWith(server: Server, listener: RequestListener): void {
  server.removeAllListeners('request');
  server.on('request', listener);
}

/** Ends a server and every connection to it. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Reads where the provider of a data folder listens; `undefined` where it was never started. */
export async function readPorts(path: string): Promise<Ports | undefined> {
  const json = await readJsonIfThere(path);
  if (json === undefined) return undefined;
  const ports = toRecord(toRecord(json)?.['ports']);
  const [idp, okta, passwordApi] = [ports?.['idp'], ports?.['okta'], ports?.['passwordApi']];
  if (typeof idp !== 'number' || typeof okta !== 'number' || typeof passwordApi !== 'number') {
    throw new AgentIdError('malformed', 'server.json is damaged', {
      where: path,
      hint: 'Restore it, or start with another --data. Nothing was overwritten.',
    });
  }
  return { idp, okta, passwordApi };
}

function open(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.writeHead(503).end());
  server.requestTimeout = 30_000;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toPortError(error, port)));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function toPortError(error: Error, port: number): AgentIdError {
  if (hasCode(error, 'EADDRINUSE')) {
    return new AgentIdError('port-taken', `port ${port} is taken by another program`, {
      cause: error,
      where: `127.0.0.1:${port}`,
      hint: 'Is the identity provider running already (agent-id idp status)? Else end the other program.',
    });
  }
  return new AgentIdError('unwritable', `cannot listen on port ${port}`, { cause: error });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
