import type Provider from 'oidc-provider';
import type { JWTPayload } from 'jose';
import { authenticate, type Caller } from './assertions.ts';
import type { Idp } from './context.ts';
import { audiencesOf, readOwnToken, revokeToken } from './tokens.ts';
import { Refusal } from './wire.ts';

/**
 * Says whether a token is good now, to those whom it concerns: an API that is its audience, the agent itself, the
 * administrator. Everybody else learns `active: false`. @see RFC 7662
 */
export async function introspect(idp: Idp, form: URLSearchParams): Promise<object> {
  const caller = await authenticate(idp, form, '/introspect');
  if (caller.kind === 'login') throw new Refusal(401, 'invalid_client', 'this client may not introspect');
  const read = await readOwnToken(idp, needToken(form));
  if (typeof read === 'string' || !concerns(idp, read, caller)) return { active: false };
  const { iss, sub, aud, exp, iat, jti } = read;
  const claims = { client_id: read['client_id'], scope: read['scope'], act: read['act'], cnf: read['cnf'] };
  const type = read['cnf'] === undefined ? 'Bearer' : 'DPoP';
  return { active: true, token_type: type, iss, sub, aud, exp, iat, jti, ...claims, username: sub };
}

/** Revokes a token of the caller; an unknown one is no error. @see RFC 7009 */
export async function revoke(idp: Idp, provider: Provider, form: URLSearchParams): Promise<void> {
  const caller = await authenticate(idp, form, '/revoke');
  const token = needToken(form);
  const read = await readOwnToken(idp, token);
  if (typeof read !== 'string') {
    if (caller.kind !== 'admin' && read['client_id'] !== caller.clientId) {
      throw new Refusal(400, 'unauthorized_client', 'the token was issued to another client');
    }
    await revokeToken(idp, String(read.jti), read.exp ?? 0);
    return;
  }
  if (caller.kind === 'login' || caller.kind === 'admin') await revokeRefreshToken(provider, token);
}

async function revokeRefreshToken(provider: Provider, token: string): Promise<void> {
  const refreshToken = await provider.RefreshToken.find(token);
  if (refreshToken === undefined) return;
  await refreshToken.destroy();
  if (refreshToken.grantId === undefined) return;
  await provider.RefreshToken.revokeByGrantId(refreshToken.grantId);
  await provider.Grant.find(refreshToken.grantId).then((grant) => grant?.destroy());
}

function concerns(idp: Idp, payload: JWTPayload, caller: Caller): boolean {
  if (caller.kind === 'admin' || payload['client_id'] === caller.clientId) return true;
  const audiences = audiencesOf(payload);
  if (audiences.includes(caller.clientId)) return true;
  return [...idp.state.data.resources.values()].some(
    (resource) => resource.clientId === caller.clientId && audiences.includes(resource.uri),
  );
}

function needToken(form: URLSearchParams): string {
  const token = form.get('token');
  if (token === null || token === '') throw new Refusal(400, 'invalid_request', 'token is needed');
  return token;
}
