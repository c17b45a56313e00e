import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browse } from '../../src/demo/browser.ts';
import { accessTokenType, exchangeType, makeKey, startKit, type Kit } from './kit.ts';

/** A client that others wrote judges the embedded provider: what it refuses, no agent of theirs could use. */
const agent = 'agent-id.password-reset.abcdefgh';
const key = makeKey();
const insecure = { [oauth.allowInsecureRequests]: true };
let kit: Kit;
let server: oauth.AuthorizationServer;
let subject: string;

beforeAll(async () => {
  kit = await startKit();
  await kit.register(agent, key, { dpop_bound_access_tokens: true });
  const issuer = new URL(kit.idp.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
});
afterAll(() => kit.stop());

async function toCryptoKey(privateKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const jwk = privateKey.export({ format: 'jwk' });
  return crypto.subtle.importKey('jwk', jwk as never, algorithm, false, ['sign']);
}

async function authentication(of = key): Promise<oauth.ClientAuth> {
  return oauth.PrivateKeyJwt({ key: await toCryptoKey(of.privateKey), kid: key.publicKey.kid });
}

describe('oauth4webapi', () => {
  it('signs a user in by code and PKCE, and takes the ID token', async () => {
    const client = { client_id: 'agent-id-cli', id_token_signed_response_alg: 'ES256' };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    let took: (url: string) => void = () => undefined;
    const taken = new Promise<string>((resolve) => {
      took = resolve;
    });
    const loopback = createServer((request, response) => {
      took(request.url ?? '/');
      response.end('signed in');
    });
    await new Promise<void>((resolve) => loopback.listen(0, '127.0.0.1', resolve));
    const redirect = `http://127.0.0.1:${(loopback.address() as AddressInfo).port}/callback`;
    const url = new URL(String(server.authorization_endpoint));
    url.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: redirect,
      scope: 'openid offline_access',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    await browse(url.href, { name: 'user-x', password: kit.password('user-x') });
    const answer = oauth.validateAuthResponse(server, client, new URL(await taken, redirect), state);
    loopback.close();
    const none = oauth.None();
    const said = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(server, client, none, answer, redirect, verifier, insecure),
      { expectedNonce: nonce, requireIdToken: true },
    );
    expect(oauth.getValidatedIdTokenClaims(said)).toMatchObject({ sub: 'user-x', aud: 'agent-id-cli' });
    subject = said.access_token;
  });

  it('exchanges with private_key_jwt and DPoP, nonce included, and validates the token as an API', async () => {
    const client = { client_id: agent };
    const pair = await oauth.generateKeyPair('ES256');
    const DPoP = oauth.DPoP({ [oauth.clockSkew]: 0 }, pair);
    const ask = async (): Promise<oauth.TokenEndpointResponse> =>
      oauth.processGenericTokenEndpointResponse(
        server,
        client,
        await oauth.genericTokenEndpointRequest(
          server,
          client,
          await authentication(),
          exchangeType,
          {
            subject_token: subject,
            subject_token_type: accessTokenType,
            resource: kit.idp.passwordApiUrl,
            scope: 'okta.users.manage',
          },
          { ...insecure, DPoP },
        ),
      );
    const first = await ask().catch((error: unknown) => error);
    expect(oauth.isDPoPNonceError(first)).toBe(true);
    const said = await ask();
    expect(said).toMatchObject({ token_type: 'dpop', expires_in: 300, scope: 'okta.users.manage' });
    const api = new URL(`${kit.idp.passwordApiUrl}/api/v1/users/user-x/lifecycle/reset_password`);
    const reset = await oauth.protectedResourceRequest(said.access_token, 'POST', api, undefined, null, {
      ...insecure,
      DPoP,
    });
    expect(reset.status).toBe(200);
    const proof = await capture(said.access_token, api, DPoP);
    const claims = await oauth.validateJwtAccessToken(server, proof, kit.idp.passwordApiUrl, insecure);
    expect(claims).toMatchObject({ sub: 'user-x', client_id: agent, act: { sub: agent } });
  });

  it('is told invalid_client for another key', async () => {
    const client = { client_id: agent };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const auth = await authentication({ ...key, privateKey });
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      auth,
      exchangeType,
      {},
      insecure,
    );
    const refused = oauth.processGenericTokenEndpointResponse(server, client, response);
    await expect(refused).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
  });
});

/** Gives the request that the library would send to an API, unsent. */
async function capture(token: string, url: URL, DPoP: oauth.DPoPHandle): Promise<Request> {
  let request = new Request(url);
  await oauth.protectedResourceRequest(token, 'POST', url, undefined, null, {
    ...insecure,
    DPoP,
    [oauth.customFetch]: async (target, { method, headers }) => {
      request = new Request(target, { method, headers });
      return new Response();
    },
  });
  return request;
}
