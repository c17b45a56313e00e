import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWith, ownArguments, processIo } from '../lib/process-io.ts';
import { systemEnv } from '../lib/system.ts';
import { AgentIdError } from '../model/error.ts';
import { readInbound, watchRequests } from './inbound.ts';
import { OktaRequestExecutor } from './okta-executor.ts';
import { openAgent, type OpenAgent, type Subject } from './open.ts';
import { runProgram } from './program.ts';
import { toScopes } from './subject-options.ts';
import { readDefaultSubject } from './subject.ts';

/**
 * An agent as rewritten code uses it. `resource` is a name from the lock file or its URI; without scopes it asks for all
 * that the lock file records for that.
 */
export interface HelperAgent {
  /** Gives the value of an Authorization header. Throws an `AgentIdError` with `code` and `hint`. */
  authorization(resource: string, scopes?: readonly string[]): Promise<string>;
  /** Gives a `fetch` for this resource, and for no other address. */
  fetch(resource: string, scopes?: readonly string[]): typeof globalThis.fetch;
  /** Gives the `requestExecutor` of a client of the Okta SDK for Node. */
  oktaRequestExecutor(resource: string, scopes?: readonly string[]): OktaRequestExecutor;
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
  return toHelper(
    opener(() => id),
    readSubject,
  );
}

/**
 * Gives the agent that this process is, for code that several agents share: AGENT_ID_AGENT names it, else it is the
 * one given here. It acts for a user or as itself as the lock file says of it.
 */
export function ownAgent(otherwise?: string): HelperAgent {
  const open = opener(() => ownId(otherwise));
  return toHelper(open, async (opened, resource) =>
    opened.locked.flow === 'as-itself' ? 'itself' : readSubject(opened, resource),
  );
}

function ownId(otherwise: string | undefined): string {
  const named = systemEnv()['AGENT_ID_AGENT'] || otherwise;
  if (named !== undefined) return named;
  throw new AgentIdError('unknown-name', 'this process does not say which agent it is', {
    hint: 'Set AGENT_ID_AGENT to an agent of the lock file where the process is started.',
  });
}

type Open = () => Promise<OpenAgent>;

/** Opens an agent once, at the first need of it. */
function opener(id: () => string): Open {
  let opening: Promise<OpenAgent> | undefined;
  return async () => {
    opening ??= openAgent(id(), {
      from: dirname(fileURLToPath(import.meta.url)),
      env: systemEnv(),
    });
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
}

type SubjectOf = (opened: OpenAgent, resource: string) => Promise<Subject>;

function toHelper(open: Open, subjectOf: SubjectOf): HelperAgent {
  async function send(
    { resource, scopes = [] }: { resource: string; scopes: readonly string[] | undefined },
    input: string | URL | Request,
    init?: RequestInit,
  ): Promise<Response> {
    const opened = await open();
    const subject = await subjectOf(opened, resource);
    return opened.fetch({ resource, scopes: toScopes(opened, resource, scopes), subject }, input, init);
  }
  return {
    async authorization(resource, asked = []) {
      const opened = await open();
      const subject = await subjectOf(opened, resource);
      const scopes = toScopes(opened, resource, asked);
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
