import { createHash, randomInt, randomUUID } from 'node:crypto';
import type { PublicJwk } from '../../model/agent.ts';
import { verifyOnce } from './assertions.ts';
import { nowSeconds, toEventAgent, type Idp } from './context.ts';
import { readKeys } from './metadata.ts';
import { addMachine, findAgent } from './registrations.ts';
import { Refusal } from './wire.ts';

type Body = Readonly<Record<string, unknown>>;

const LIFE_SECONDS = 600;
const POLL_SECONDS = 2;
const MOST_WAITING = 100;
/** Letters that nobody mixes up, and that spell no words. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ';

/** A machine that waits for an administrator. */
interface Waiting {
  readonly clientId: string;
  readonly name: string;
  readonly key: PublicJwk;
  readonly userCode: string;
  readonly state: 'pending' | 'approved' | 'denied';
  /** Seconds since 1970. */
  readonly until: number;
}

/** Makes a code with which one machine, once and within ten minutes, adds its key. Only its hash is kept. */
export async function makeEnrollmentCode(idp: Idp, clientId: string): Promise<object> {
  findAgent(idp, clientId);
  const code = randomCode(5);
  await keep(idp, 'EnrollCode', code, { clientId, until: nowSeconds(idp) + LIFE_SECONDS });
  return { code, expires_in: LIFE_SECONDS };
}

/**
 * Takes the key of a machine that proves that it holds it: at once with a code, else it waits for an administrator.
 * Throws `invalid_grant` for a code that is unknown, used, too old, or another agent's.
 */
export async function enrollMachine(idp: Idp, body: Body): Promise<object> {
  const { client_id: clientId, name, proof, code } = body;
  const [key, ...more] = readKeys(body);
  if (key === undefined || more.length > 0) throw invalid('send one key, and a proof that you hold it');
  if (typeof name !== 'string' || !/^[\w .:@-]{1,100}$/.test(name)) throw invalid('name the machine');
  await assertHolds(idp, String(clientId), key, String(proof));
  const machine = { clientId: String(clientId), key, name };
  if (code === undefined) return wait(idp, machine);
  if (typeof code === 'string') return redeem(idp, machine, code);
  throw invalid('the code must be text');
}

interface Machine {
  readonly clientId: string;
  readonly key: PublicJwk;
  readonly name: string;
}

async function redeem(idp: Idp, machine: Machine, code: string): Promise<object> {
  const at = keyOf('EnrollCode', code.trim().toUpperCase());
  const found = idp.models.data.get(at)?.payload;
  const sound = found?.['clientId'] === machine.clientId && Number(found['until']) > nowSeconds(idp);
  if (!sound)
    throw new Refusal(400, 'invalid_grant', 'the code is wrong, used, too old, or of another agent');
  // Gone before the key is in: of two that come at once only one is let in.
  idp.models.data.delete(at);
  await idp.models.save();
  return toEnrolled(idp, machine);
}

async function wait(idp: Idp, { clientId, key, name }: Machine): Promise<object> {
  // Whether there is such an agent is told to nobody who holds no code.
  if (waiting(idp).length >= MOST_WAITING) throw new Refusal(429, 'slow_down', 'too many machines wait');
  const deviceCode = `${randomUUID()}${randomUUID()}`;
  const userCode = randomCode(2);
  const until = nowSeconds(idp) + LIFE_SECONDS;
  await keep(idp, 'Enrollment', deviceCode, { clientId, key, name, userCode, state: 'pending', until });
  const code = { device_code: deviceCode, user_code: userCode };
  return { ...code, expires_in: LIFE_SECONDS, interval: POLL_SECONDS };
}

/** Says what became of a machine that waits, in the words of RFC 8628 section 3.5. */
export async function pollEnrollment(idp: Idp, body: Body): Promise<object> {
  const at = keyOf('Enrollment', String(body['device_code']));
  const payload = idp.models.data.get(at)?.payload;
  const found = payload !== undefined && isWaiting(payload) ? payload : undefined;
  if (found === undefined || found.until <= nowSeconds(idp))
    throw new Refusal(400, 'expired_token', 'nobody approved it in time');
  if (found.state === 'denied') throw new Refusal(400, 'access_denied', 'an administrator refused it');
  if (found.state === 'pending') throw new Refusal(400, 'authorization_pending', 'nobody has decided yet');
  idp.models.data.delete(at);
  await idp.models.save();
  return { client_id: found.clientId, thumbprint: found.key.kid, name: found.name };
}

/** Shows an administrator which machine waits behind a code. Throws `not_found`. */
export function showEnrollment(idp: Idp, userCode: string): object {
  const [, { clientId, name, key }] = findWaiting(idp, userCode);
  const { displayName } = findAgent(idp, clientId);
  return { client_id: clientId, client_name: displayName, name, thumbprint: key.kid };
}

/** Lets a waiting machine in, or turns it away; once. */
export async function decideEnrollment(idp: Idp, userCode: string, approve: boolean): Promise<object> {
  const [at, found] = findWaiting(idp, userCode);
  const state = approve ? 'approved' : 'denied';
  const model = idp.models.data.get(at);
  if (model !== undefined) idp.models.data.set(at, { ...model, payload: { ...found, state } });
  await idp.models.save();
  return approve ? toEnrolled(idp, found) : { client_id: found.clientId, name: found.name };
}

async function toEnrolled(idp: Idp, { clientId, key, name }: Machine): Promise<object> {
  const agent = await addMachine(idp, clientId, key, name);
  idp.events.add({ kind: 'update', agent: toEventAgent(agent), operation: `enroll ${name}` });
  return { client_id: clientId, thumbprint: key.kid, name };
}

function findWaiting(idp: Idp, userCode: string): readonly [string, Waiting] {
  const wanted = userCode.toUpperCase().replace(/^(\w{4})(\w{4})$/, '$1-$2');
  const found = waiting(idp).find(([, one]) => one.userCode === wanted && one.state === 'pending');
  if (found !== undefined) return found;
  throw new Refusal(404, 'not_found', 'no machine waits behind this code');
}

function waiting(idp: Idp): (readonly [string, Waiting])[] {
  return [...idp.models.data]
    .filter(([, { kind }]) => kind === 'Enrollment')
    .flatMap(([at, { payload }]) => (isWaiting(payload) ? [[at, payload] as const] : []))
    .filter(([, { until }]) => until > nowSeconds(idp));
}

/** The store is a file: what is in it is looked at before it is believed. */
function isWaiting(payload: Body): payload is Body & Waiting {
  const { clientId, name, key, userCode, state, until } = payload;
  const isNamed = [clientId, name, userCode].every((text) => typeof text === 'string');
  const isKnown = state === 'pending' || state === 'approved' || state === 'denied';
  return isNamed && isKnown && typeof until === 'number' && typeof key === 'object' && key !== null;
}

async function assertHolds(idp: Idp, clientId: string, key: PublicJwk, proof: string): Promise<void> {
  try {
    await verifyOnce(idp, proof, {
      clientId,
      keys: [key],
      audiences: [`${idp.issuer}/enroll`],
      maxSeconds: 60,
    });
  } catch (cause) {
    throw new Refusal(400, 'invalid_request', `the proof of the key is not accepted: ${reasonOf(cause)}`);
  }
}

async function keep(idp: Idp, kind: string, secret: string, payload: Body): Promise<void> {
  const expiresAt = idp.clock() + 2 * LIFE_SECONDS * 1000;
  idp.models.data.set(keyOf(kind, secret), { kind, payload, expiresAt });
  await idp.models.save();
}

function keyOf(kind: string, secret: string): string {
  return `${kind}:${createHash('sha256').update(secret).digest('base64url')}`;
}

/** Groups of four letters: each holds 17 bits. */
function randomCode(groups: number): string {
  const letter = (): string => alphabet.charAt(randomInt(alphabet.length));
  return Array.from({ length: groups }, () => Array.from({ length: 4 }, letter).join('')).join('-');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

function invalid(description: string): Refusal {
  return new Refusal(400, 'invalid_request', description);
}
