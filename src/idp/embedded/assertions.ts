import { createLocalJWKSet, decodeJwt, jwtVerify, type JWTPayload } from 'jose';
import type { PublicJwk } from '../../model/agent.ts';
import { adminClientId, loginClientId, nowSeconds, type Idp } from './context.ts';
import { takeOnce } from './models.ts';
import { bearerOf, Refusal } from './wire.ts';
import type { IncomingMessage } from 'node:http';

/** Who asks one of our own routes. */
export type Caller =
  | { readonly kind: 'admin' | 'login'; readonly clientId: string }
  | { readonly kind: 'agent' | 'resource'; readonly clientId: string };

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Lets only the administrator pass: a JWT signed by the admin key, `aud` = issuer, at most 60 seconds, usable once.
 * @see RFC 7523 section 3
 */
export async function assertAdmin(idp: Idp, request: IncomingMessage): Promise<void> {
  const token = bearerOf(request);
  if (token === undefined) {
    throw new Refusal(401, 'invalid_token', 'this needs a token signed by the admin key', {
      'www-authenticate': 'Bearer realm="agent-id admin"',
    });
  }
  try {
    const keys = [idp.adminKey];
    await verifyOnce(idp, token, { clientId: adminClientId, keys, audiences: [idp.issuer], maxSeconds: 60 });
  } catch (error) {
    throw new Refusal(401, 'invalid_token', reasonOf(error), {
      'www-authenticate': 'Bearer realm="agent-id admin", error="invalid_token"',
    });
  }
}

/** Says which client a form comes from, by its `client_assertion`; the login client is public and has none. */
export async function authenticate(idp: Idp, form: URLSearchParams, path: string): Promise<Caller> {
  const assertion = form.get('client_assertion');
  if (assertion === null && form.get('client_id') === loginClientId) {
    return { kind: 'login', clientId: loginClientId };
  }
  if (assertion === null || form.get('client_assertion_type') !== assertionType) {
    throw new Refusal(401, 'invalid_client', 'a client assertion is needed (private_key_jwt)');
  }
  try {
    const { kind, clientId, keys } = findClient(idp, String(decodeJwt(assertion).iss));
    const audiences = [idp.issuer, `${idp.issuer}${path}`, `${idp.issuer}/token`];
    await verifyOnce(idp, assertion, { clientId, keys, audiences, maxSeconds: 300 });
    return { kind, clientId };
  } catch (error) {
    throw new Refusal(401, 'invalid_client', reasonOf(error));
  }
}

function findClient(
  idp: Idp,
  clientId: string,
): {
  readonly kind: 'admin' | 'agent' | 'resource';
  readonly clientId: string;
  readonly keys: readonly PublicJwk[];
} {
  if (clientId === adminClientId) return { kind: 'admin', clientId, keys: [idp.adminKey] };
  const agent = idp.state.data.agents.get(clientId);
  if (agent !== undefined) return { kind: 'agent', clientId, keys: agent.keys };
  const resource = [...idp.state.data.resources.values()].find((one) => one.clientId === clientId);
  if (resource !== undefined) return { kind: 'resource', clientId, keys: resource.keys };
  throw new Error('the client is not registered');
}

interface Expected {
  readonly clientId: string;
  readonly keys: readonly PublicJwk[];
  readonly audiences: readonly string[];
  readonly maxSeconds: number;
}

/** Verifies an assertion and remembers it: it is good once. Throws what the library throws. */
export async function verifyOnce(idp: Idp, token: string, expected: Expected): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...expected.keys] }), {
    algorithms: ['ES256'],
    issuer: expected.clientId,
    subject: expected.clientId,
    audience: [...expected.audiences],
    requiredClaims: ['exp', 'jti'],
    currentDate: new Date(idp.clock()),
    clockTolerance: 5,
  });
  const { exp = 0, jti = '' } = payload;
  if (exp - nowSeconds(idp) > expected.maxSeconds + 5) {
    throw new Error(`the assertion is valid for more than ${expected.maxSeconds} seconds`);
  }
  if (!takeOnce(idp.models.data, `${expected.clientId} ${jti}`, (exp + 10) * 1000)) {
    throw new Error('the assertion was used before');
  }
  await idp.models.save();
  return payload;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the assertion is not valid';
}
