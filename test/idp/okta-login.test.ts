import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signInWithDevice } from '../../src/helper/sign-in.ts';
import { readSessionToken } from '../../src/helper/session.ts';
import { adapterFor } from '../../src/idp/index.ts';
import { trustedIdp } from '../../src/idp/trust.ts';
import type { IdpAdapter, TrustedIdp } from '../../src/idp/types.ts';
import { createHttp } from '../../src/lib/http.ts';
import { writeSession, type Session } from '../../src/lib/session.ts';
import { statePaths } from '../../src/lib/state.ts';
import { Secret } from '../../src/model/secret.ts';
import { run } from '../commands/scan-kit.ts';
import { codeOf } from './contract.ts';
import { claimsOf, makeFolder, makeKey } from './kit.ts';
import { contentOf, passwordApi, startWorld, userSpec, type World } from './okta-kit.ts';
import { makeMachine, openReset } from './okta-machine.ts';
import { table } from './okta-rows.ts';
import { toJwt } from './okta-tokens.ts';

let world: World;
let trust: TrustedIdp;
let adapter: IdpAdapter;
const key = makeKey();

beforeEach(async () => {
  world = await startWorld();
  const loginIssuer = addServer('auslogin', 'api://company');
  trust = { ...world.trust, loginClientId: 'acme-cli', loginIssuer };
  adapter = await adapterFor(trust, { paths: { keys: '/nowhere' } });
});
afterEach(async () => {
  expect(world.double.violations).toEqual([]);
  await world.double.stop();
});

/** Puts an authorization server there that somebody else made. Gives its issuer. */
function addServer(id: string, audience: string): string {
  const issuer = `${world.double.issuer}/oauth2/${id}`;
  const created = '2020-01-01T00:00:00.000Z';
  const row = { id, name: id, description: '', audiences: [audience], issuer, status: 'ACTIVE', created };
  table(world.double.rows, 'servers').set(id, row);
  return issuer;
}

function associated(): readonly unknown[] {
  return [...world.double.rows].flatMap(([name, rows]) =>
    name.startsWith('associated ') ? [...rows.keys()] : [],
  );
}

/** Signs a person in at a device page that somebody answers at once, with an ID token of this issuer. */
function signIn(iss = trust.loginIssuer): Promise<Session> {
  const iat = Math.floor(Date.now() / 1000);
  const answers: Readonly<Record<string, object>> = {
    '/v1/device/authorize': {
      device_code: 'd',
      user_code: 'ABCD-EFGH',
      verification_uri: `${trust.loginIssuer}/activate`,
      interval: 0.01,
    },
    '/v1/token': {
      access_token: toJwt({ iss, sub: 'user-x', cid: 'acme-cli', scp: ['openid'], iat, exp: iat + 900 }),
      id_token: toJwt({ iss, aud: 'acme-cli', sub: 'user-x', iat, exp: iat + 900 }),
      token_type: 'Bearer',
      expires_in: 900,
    },
  };
  const http = createHttp({
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      const answer = url.startsWith(`${trust.loginIssuer}/v1/`)
        ? answers[url.slice(trust.loginIssuer?.length)]
        : undefined;
      return answer === undefined ? fetch(input, init) : Response.json(answer);
    },
  });
  return signInWithDevice({ trust, http, clock: Date.now, show: () => undefined, timeoutMs: 5000 });
}

describe('users who sign in at a custom authorization server of Okta', () => {
  it('have a session of that server, and of no other', async () => {
    expect(await signIn()).toMatchObject({ issuer: trust.loginIssuer, user: 'user-x', idp: 'corp' });
    expect(await codeOf(signIn(world.double.issuer))).toBe('idp-refused');
    const paths = { keys: await makeFolder() };
    await writeSession(paths, await signIn());
    expect((await readSessionToken(trust, paths)).user).toBe('user-x');
    // The same name, trusted anew without that server: whose session it is would be guessed.
    expect(await codeOf(readSessionToken(world.trust, paths))).toBe('not-signed-in');
  });

  it('get agents their tokens: a server of our making takes those of the sign-in', async () => {
    const spec = userSpec(world.double, { keys: [key.publicKey] });
    const registered = await adapter.apply(await adapter.plan(spec));
    expect(associated()).toEqual(['auslogin']);
    expect((await adapter.plan(spec)).kind).toBe('none');
    const opened = await openReset(await makeMachine(trust, key), {
      issuer: world.double.issuer,
      registered,
    });
    const wanted = { resource: 'password-api', scopes: ['password.reset'] };
    const { accessToken: subject } = await signIn();
    expect(claimsOf((await opened.token({ ...wanted, subject })).token.open())).toMatchObject({
      sub: 'user-x',
      aud: passwordApi,
    });
    // One of a server that nobody trusts gets nothing.
    for (const [name, rows] of world.double.rows) if (name.startsWith('associated ')) rows.clear();
    const exp = Math.floor(Date.now() / 1000) + 900;
    const again = new Secret(toJwt({ iss: trust.loginIssuer, sub: 'user-x', jti: 'again', exp }));
    expect(await codeOf(opened.token({ ...wanted, subject: again }))).not.toBe('no error');
  });

  it('are trusted again where somebody took that away, and never at a server of others', async () => {
    const { double } = world;
    const spec = userSpec(double);
    await adapter.apply(await adapter.plan(spec));
    for (const [name, rows] of double.rows) if (name.startsWith('associated ')) rows.clear();
    const change = await adapter.plan(spec);
    expect(change.lines).toEqual([`${passwordApi}: takes the tokens of users' sign-in`]);
    await adapter.apply(change);
    expect(associated()).toEqual(['auslogin']);
    await adapter.remove(spec.clientId);
    addServer('ausmail', 'https://mail.acme.example/');
    const mail = userSpec(double, {
      grants: [{ uri: 'https://mail.acme.example/', scopes: ['mail.send'], maxTtlSeconds: 300 }],
    });
    const before = contentOf(double);
    const planned = await adapter.plan(mail);
    expect(planned.lines.join('\n')).toMatch(/left to a person: Admin Console.*Trusted servers/);
    await adapter.apply(planned);
    expect(associated()).toEqual([]);
    expect((await adapter.plan(mail)).kind).toBe('none');
    await adapter.remove(mail.clientId);
    expect(contentOf(double)).toEqual(before);
  });
});

describe('--login-issuer', () => {
  /** Gives the server that is trusted then, or the code of the error. */
  async function add(...flags: readonly string[]): Promise<string | undefined> {
    const home = await makeFolder();
    const { clientId = '', keyFile = '' } = trust.admin ?? {};
    const known = ['--issuer', world.double.issuer, '--admin-client-id', clientId, '--admin-key', keyFile];
    const env = { AGENT_ID_HOME: home };
    const added = ['idp', 'add', 'corp', '--type', 'okta', ...known, ...flags];
    const { code, err } = await run(added, { cwd: home, env, now: Date.now() });
    if (code !== 0) return /^error\[([\w-]+)\]/.exec(err)?.[1];
    return (await trustedIdp(statePaths(env), 'corp')).loginIssuer;
  }

  it('trusts a server of the organisation, and nothing else', async () => {
    const server = String(trust.loginIssuer);
    expect(await add('--login-issuer', server)).toBe(server);
    for (const other of ['https://elsewhere.example/oauth2/x', world.double.issuer, `${server}/../../x`])
      expect(await add('--login-issuer', other)).toBe('usage');
    expect(await add('--login-issuer', server, '--cross-app-access')).toBe('usage');
  });
});
