import { setTimeout as sleep } from 'node:timers/promises';
import { signAssertion } from '../exchange/assertion.ts';
import type { Signer } from '../exchange/types.ts';
import { readMetadata, toRecord } from '../idp/metadata.ts';
import type { Http } from '../lib/http.ts';
import type { PublicJwk } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import type { Secret } from '../model/secret.ts';

/** A machine that has a key for an agent, and no rights at the provider. */
export interface Newcomer {
  readonly http: Http;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly issuer: string;
  readonly clientId: string;
  readonly signer: Signer;
  readonly key: PublicJwk;
  /** What the machine is called. */
  readonly name: string;
}

/** Adds the key by a one-time code. Throws `denied` for one that is wrong, used, too old, or of another agent. */
export async function enrollWithCode(newcomer: Newcomer, code: Secret): Promise<void> {
  const endpoint = await findEndpoint(newcomer);
  const { status, data } = await post(newcomer, endpoint, { ...(await toBody(newcomer)), code: code.open() });
  if (status !== 200) throw refused(newcomer, data);
}

/**
 * Asks to be let in, shows the code that an administrator approves, and waits for it. Throws `denied` where nobody does
 * within ten minutes, or where somebody refuses.
 */
export async function enrollWithApproval(newcomer: Newcomer, show: (code: string) => void): Promise<void> {
  const endpoint = await findEndpoint(newcomer);
  const { status, data } = await post(newcomer, endpoint, await toBody(newcomer));
  const { device_code: deviceCode, user_code: userCode, interval, expires_in: expiresIn } = data;
  if (status !== 200 || typeof userCode !== 'string') throw refused(newcomer, data);
  show(userCode);
  const ends = newcomer.clock() + Number(expiresIn) * 1000;
  while (newcomer.clock() < ends) {
    await sleep(Math.max(1, Number(interval)) * 1000);
    const answer = await post(newcomer, `${endpoint}/poll`, { device_code: deviceCode });
    if (answer.status === 200) return;
    if (answer.data['error'] !== 'authorization_pending') throw refused(newcomer, answer.data);
  }
  throw refused(newcomer, { error: 'expired_token' });
}

async function findEndpoint({ http, issuer }: Newcomer): Promise<string> {
  const metadata = await readMetadata(http, issuer);
  const endpoint = toRecord(metadata)['agent_enrollment_endpoint'];
  if (typeof endpoint === 'string') return endpoint;
  throw new AgentIdError('unsupported', 'this identity provider lets in no machine by a code', {
    where: issuer,
    hint: 'Enroll where its administrator works: agent-id agents enroll A --name MACHINE',
  });
}

/** The signature proves that the key is here: nobody adds somebody else's. */
async function toBody({ issuer, clientId, signer, key, name, clock }: Newcomer): Promise<object> {
  const proof = await signAssertion(signer, { clientId, audience: `${issuer}/enroll`, now: clock() });
  return { client_id: clientId, name, jwks: { keys: [key] }, proof };
}

async function post(
  { http }: Newcomer,
  url: string,
  body: object,
): Promise<{ readonly status: number; readonly data: Readonly<Record<string, unknown>> }> {
  const answer = await http.request(url, { method: 'POST', body });
  return { status: answer.status, data: toRecord(answer.body) };
}

function refused(
  { issuer }: Newcomer,
  { error, error_description: why }: Readonly<Record<string, unknown>>,
): AgentIdError {
  const hints: Readonly<Record<string, string>> = {
    invalid_grant: 'Ask for another: agent-id agents code A, where the administrator works.',
    expired_token: 'Run it again, and have it approved within ten minutes: agent-id agents approve CODE',
  };
  const reason = typeof why === 'string' ? why.slice(0, 200) : 'nobody approved it in time';
  const hint = hints[String(error)];
  return new AgentIdError('denied', `this machine was not let in: ${reason}`, {
    where: issuer,
    ...(hint === undefined ? {} : { hint }),
  });
}
