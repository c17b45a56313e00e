import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPlatform } from '../../src/helper/platform.ts';
import { createHttp } from '../../src/lib/http.ts';

interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly headers?: IncomingHttpHeaders;
}

const issuer = 'https://idp.test/realms/acme';
const entra = 'api://AzureADTokenExchange';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const folder = mkdtempSync(join(tmpdir(), 'agent-id-platform-'));
const http = createHttp();

let server: Server;
let origin: string;
let asked: Asked[];
let answer: Record<string, unknown>;
let status: number;
/** Of a metadata service, whose answers are no JSON. */
let text: string;
let flavor: string;

function jwt(aud: string | readonly string[]): Promise<string> {
  return new SignJWT({ aud: typeof aud === 'string' ? aud : [...aud] })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('https://ci.test')
    .setExpirationTime('5m')
    .sign(privateKey);
}

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      const metadata = /metadata|\/msi\//i.test(String(url)) && { headers };
      asked.push({ line: `${method} ${url}`, authorization: headers.authorization, body, ...metadata });
      const plain = flavor === '' ? {} : { 'metadata-flavor': flavor };
      response.writeHead(status, { 'content-type': 'application/json', ...plain });
      response.end(flavor === '' ? JSON.stringify(answer) : text);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  [asked, answer, status, text, flavor] = [[], {}, 200, '', ''];
});

function platform(env: NodeJS.ProcessEnv) {
  const found = findPlatform(env, http);
  if (found === undefined) throw new Error('no platform');
  return found;
}

describe('platforms that are asked for a token of this provider', () => {
  it('GitHub Actions', async () => {
    answer = { count: 1, value: await jwt(issuer) };
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner',
    };
    expect(await platform(env).token(issuer)).toBe(answer['value']);
    const query = `api-version=2.0&audience=${encodeURIComponent(issuer)}`;
    expect(asked).toEqual([{ line: `GET /token?${query}`, authorization: 'Bearer runner', body: '' }]);
    status = 403;
    await expect(platform(env).token(issuer)).rejects.toMatchObject({
      code: 'denied',
      hint: expect.stringContaining('id-token: write') as string,
    });
  });

  it('Buildkite', async () => {
    answer = { token: await jwt(issuer) };
    status = 201;
    const env = {
      BUILDKITE: 'true',
      BUILDKITE_AGENT_ENDPOINT: `${origin}/v3`,
      BUILDKITE_AGENT_ACCESS_TOKEN: 'agent',
      BUILDKITE_JOB_ID: '0190',
    };
    const found = platform(env);
    expect([found.name, await found.token(issuer)]).toEqual(['Buildkite', answer['token']]);
    expect(asked).toEqual([
      {
        line: 'POST /v3/jobs/0190/oidc/tokens',
        authorization: 'Token agent',
        body: JSON.stringify({ audience: issuer }),
      },
    ]);
    status = 422;
    await expect(found.token(issuer)).rejects.toMatchObject({ code: 'denied' });
  });

  it('CircleCI, by the command of its images', async () => {
    const command = join(folder, 'circleci');
    const seen = join(folder, 'seen');
    writeFileSync(command, `#!/bin/sh\nprintf '%s\\n' "$@" >'${seen}'\ncat '${join(folder, 'token')}'\n`);
    chmodSync(command, 0o755);
    const mine = await jwt(issuer);
    writeFileSync(join(folder, 'token'), `${mine}\n`);
    const env = {
      CIRCLECI: 'true',
      PATH: `${folder}:/usr/bin:/bin`,
      CIRCLE_OIDC_TOKEN_V2: await jwt('the-organisation'),
    };
    expect(await platform(env).token(issuer)).toBe(mine);
    expect(readFileSync(seen, 'utf8').trim().split('\n')).toEqual([
      'run',
      'oidc',
      'get',
      '--claims',
      JSON.stringify({ aud: issuer }),
    ]);
    await expect(platform({ ...env, PATH: '/nonexistent' }).token(issuer)).rejects.toMatchObject({
      code: 'denied',
    });
  });

  it('Azure Pipelines, whose tokens are for Entra ID only', async () => {
    answer = { oidcToken: await jwt(entra) };
    const env = {
      TF_BUILD: 'True',
      SYSTEM_OIDCREQUESTURI: `${origin}/acme/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken`,
      SYSTEM_ACCESSTOKEN: 'pipeline',
      AGENT_ID_SERVICE_CONNECTION: '4d7a',
    };
    expect(await platform(env).token(entra)).toBe(answer['oidcToken']);
    const query = 'api-version=7.1-preview.1&serviceConnectionId=4d7a';
    expect(asked[0]).toEqual({
      line: `POST /acme/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken?${query}`,
      authorization: 'Bearer pipeline',
      body: '{}',
    });
    await expect(platform(env).token(issuer)).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining(entra) as string,
    });
    const unmapped = platform({ ...env, SYSTEM_ACCESSTOKEN: '' });
    await expect(unmapped.token(entra)).rejects.toMatchObject({
      hint: expect.stringContaining('System.AccessToken') as string,
    });
  });
});

describe('cloud instances, which are asked only where AGENT_ID_CLOUD says so', () => {
  const google = (env: NodeJS.ProcessEnv = {}) => ({
    AGENT_ID_CLOUD: 'gcp',
    GCE_METADATA_HOST: origin.replace('http://', ''),
    ...env,
  });

  it('Google Cloud, by the service of the instance', async () => {
    [text, flavor] = [await jwt(issuer), 'Google'];
    expect(await platform(google()).token(issuer)).toBe(text);
    const query = `audience=${encodeURIComponent(issuer)}&format=full`;
    const path = '/computeMetadata/v1/instance/service-accounts/default/identity';
    expect(asked).toMatchObject([{ line: `GET ${path}?${query}`, headers: { 'metadata-flavor': 'Google' } }]);
    flavor = 'somebody';
    await expect(platform(google()).token(issuer)).rejects.toMatchObject({ code: 'denied' });
    [text, flavor] = [await jwt('https://elsewhere.test'), 'Google'];
    await expect(platform(google()).token(issuer)).rejects.toMatchObject({ code: 'denied' });
    const elsewhere = platform(google({ GCE_METADATA_HOST: 'metadata.attacker.example' }));
    await expect(elsewhere.token(issuer)).rejects.toMatchObject({ code: 'untrusted-issuer' });
    expect(findPlatform({ GCE_METADATA_HOST: origin }, http)).toBeUndefined();
  });

  it('Azure, by the managed identity of a machine or of a service', async () => {
    answer = { access_token: await jwt('fb60f99c-7a34-4190-8149-302f77469936'), token_type: 'Bearer' };
    const machine = { AGENT_ID_CLOUD: 'azure', AZURE_POD_IDENTITY_AUTHORITY_HOST: origin };
    expect(await platform(machine).token(entra)).toBe(answer['access_token']);
    const endpoint = { IDENTITY_ENDPOINT: `${origin}/msi/token`, IDENTITY_HEADER: 'h', AZURE_CLIENT_ID: 'c' };
    expect(await platform({ ...machine, ...endpoint }).token(entra)).toBe(answer['access_token']);
    const resource = `resource=${encodeURIComponent(entra)}`;
    expect(asked).toMatchObject([
      {
        line: `GET /metadata/identity/oauth2/token?api-version=2018-02-01&${resource}`,
        headers: { metadata: 'true' },
      },
      {
        line: `GET /msi/token?api-version=2019-08-01&${resource}&client_id=c`,
        headers: { 'x-identity-header': 'h' },
      },
    ]);
    await expect(platform(machine).token(issuer)).rejects.toMatchObject({ code: 'denied' });
    status = 400;
    await expect(platform(machine).token(issuer)).rejects.toMatchObject({
      hint: expect.stringContaining('Application ID URI') as string,
    });
  });

  it('AWS, by its command, which asks STS', async () => {
    const [command, seen] = [join(folder, 'aws'), join(folder, 'seen-aws')];
    writeFileSync(command, `#!/bin/sh\nprintf '%s ' "$@" >'${seen}'\ncat '${join(folder, 'token')}'\n`);
    chmodSync(command, 0o755);
    const mine = await jwt(issuer);
    writeFileSync(join(folder, 'token'), `${mine}\n`);
    const env = { AGENT_ID_CLOUD: 'aws', PATH: `${folder}:/usr/bin:/bin` };
    expect(await platform(env).token(issuer)).toBe(mine);
    expect(readFileSync(seen, 'utf8')).toContain(
      `get-web-identity-token --audience ${issuer} --signing-algorithm`,
    );
    await expect(platform({ ...env, PATH: '/nonexistent' }).token(issuer)).rejects.toMatchObject({
      hint: expect.stringContaining('sts:GetWebIdentityToken') as string,
    });
  });

  it('is one that we know', async () => {
    await expect(platform({ AGENT_ID_CLOUD: 'other' }).token(issuer)).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('platforms that were told before the job began', () => {
  it.each([['AGENT_ID_CI_TOKEN'], ['BITBUCKET_STEP_OIDC_TOKEN']])('%s', async (variable) => {
    const good = await jwt([issuer]);
    expect(await platform({ [variable]: good }).token(issuer)).toBe(good);
    const foreign = await jwt('ari:cloud:bitbucket::workspace/1234');
    const refused = platform({ [variable]: foreign }).token(issuer);
    await expect(refused).rejects.toMatchObject({
      code: 'denied',
      hint: expect.stringContaining(issuer) as string,
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining(foreign) as string });
    await expect(platform({ [variable]: 'a static secret' }).token(issuer)).rejects.toMatchObject({
      code: 'unreadable',
    });
  });

  it.each([['AGENT_ID_CI_TOKEN_FILE'], ['AZURE_FEDERATED_TOKEN_FILE']])(
    '%s, read anew each time',
    async (variable) => {
      const file = join(folder, 'projected');
      const found = platform({ [variable]: file, KUBERNETES_SERVICE_HOST: '10.0.0.1' });
      for (const audience of [issuer, `${issuer}/protocol/openid-connect/token`]) {
        const now = await jwt(audience);
        writeFileSync(file, `${now}\n`);
        expect(await found.token(audience)).toBe(now);
      }
      rmSync(file);
      await expect(found.token(issuer)).rejects.toMatchObject({ code: 'unreadable' });
      await expect(platform({ [variable]: 'token' }).token(issuer)).rejects.toMatchObject({ code: 'usage' });
    },
  );

  it('a pod without a projected token, which is told how to get one', async () => {
    const found = platform({ KUBERNETES_SERVICE_HOST: '10.0.0.1' });
    expect(found.name).toBe('Kubernetes');
    await expect(found.token(issuer)).rejects.toMatchObject({
      code: 'not-enrolled',
      hint: expect.stringContaining(`audience: ${issuer}`) as string,
    });
  });

  it('and a machine that is none has no platform', () => {
    expect(findPlatform({ CI: 'true', HOME: '/root', CIRCLE_OIDC_TOKEN_V2: '' }, http)).toBeUndefined();
  });
});
