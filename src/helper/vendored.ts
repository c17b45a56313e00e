import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWith, ownArguments, processIo } from '../lib/process-io.ts';
import { systemEnv } from '../lib/system.ts';
import { AgentIdError } from '../model/error.ts';
import { readInbound, watchRequests } from './inbound.ts';
import { OktaRequestExecutor } from './okta-executor.ts';
import { openAgent, type OpenAgent, type Subject } from './open.ts';
import { runProgram } from './program.ts';
import { readDefaultSubject } from './subject.ts';

/** An agent as rewritten code uses it. `resource` is a name from the lock file or its URI. */
export interface HelperAgent {
  /** Gives the value of an Authorization header. Throws an `AgentIdError` with `code` and `hint`. */
  authorization(resource: string, scopes: readonly string[]): Promise<string>;
  /** Gives a `fetch` for this resource, and for no other address. */
  fetch(resource: string, scopes: readonly string[]): typeof globalThis.fetch;
  /** Gives the `requestExecutor` of a client of the Okta SDK for Node. */
  oktaRequestExecutor(resource: string, scopes: readonly string[]): OktaRequestExecutor;
  /** Gives the same agent without a user: explicit, and audited as such. */
  asItself(): HelperAgent;
}

const args = ownArguments(import.meta.url, 'helper.mjs');
if (args === undefined) watchRequests();
else void runAlone(args);

/**
 * Names the agent that this code is. It acts for the user whose request is being handled; outside any request, for
 * the user who signed in on this machine.
 */
export function agent(id: string): HelperAgent {
  let opening: Promise<OpenAgent> | undefined;
  async function open(): Promise<OpenAgent> {
    opening ??= openAgent(id, {
      from: dirname(fileURLToPath(import.meta.url)),
      env: systemEnv(),
    });
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }
  return toHelper(open, readSubject);
}

type Open = () => Promise<OpenAgent>;

type SubjectOf = (opened: OpenAgent, resource: string) => Promise<Subject>;

function toHelper(open: Open, subjectOf: SubjectOf): HelperAgent {
  async function send(
    wanted: { resource: string; scopes: readonly string[] },
    input: string | URL | Request,
    init?: RequestInit,
  ): Promise<Response> {
    const opened = await open();
    const subject = await subjectOf(opened, wanted.resource);
    return opened.fetch({ ...wanted, subject }, input, init);
  }
  return {
    async authorization(resource, scopes) {
      const opened = await open();
      const subject = await subjectOf(opened, resource);
      const { token } = await opened.token({ resource, scopes, subject });
      return `Bearer ${token.open()}`;
    },
    fetch: (resource, scopes) => (input, init) => send({ resource, scopes }, input, init),
    oktaRequestExecutor: (resource, scopes) =>
      new OktaRequestExecutor((input, init) => send({ resource, scopes }, input, init)),
    asItself: () => toHelper(open, async () => 'itself'),
  };
}

/** In a request, its own token and never the session: else everybody would act as the one who signed in here. */
async function readSubject(opened: OpenAgent, resource: string): Promise<Subject> {
  const bearer = readInbound();
  if (bearer === undefined) return readDefaultSubject(opened, resource, { env: systemEnv() });
  if (bearer !== null) return bearer;
  throw new AgentIdError('not-signed-in', 'the request carries no bearer token of a user', {
    hint: `${opened.locked.displayName} acts only for a user: send Authorization: Bearer …`,
  });
}

/** `node agent-id/helper.mjs exec …`: the command line where nothing is installed. */
async function runAlone(words: readonly string[]): Promise<void> {
  const io = processIo();
  await runProgram(words, io, dirname(fileURLToPath(import.meta.url)));
  endWith(io.exitCode);
}
