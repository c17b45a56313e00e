import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { assertSecure } from '../../lib/http.ts';
import { ensure } from '../ensure.ts';
import { toRecord } from '../metadata.ts';
import type { PlatformTrust } from '../types.ts';
import type { KeycloakAdmin } from './admin.ts';
import { changeClient, listClients, markAttributes, toTexts, type KeycloakClient } from './client.ts';
import type { Proof } from './settings.ts';

type Platform = NonNullable<AgentSpec['platform']>;

interface Trusted {
  readonly alias: string;
  /** Whether it may stand for a client's key already. */
  readonly asserts: boolean;
}

/** Says what an agent needs that proves itself by its platform's token instead of a key. Reads only. */
export async function planPlatform(
  admin: KeycloakAdmin,
  spec: AgentSpec,
): Promise<{ readonly proof: Proof | undefined; readonly lines: readonly string[] }> {
  const { platform } = spec;
  if (platform === undefined) return { proof: undefined, lines: [] };
  const trusted = await findTrusted(admin, platform);
  const alias = trusted?.alias ?? toAlias(platform);
  const proof = { alias, subject: platform.subject };
  await assertAlone(admin, spec.clientId, proof);
  const lines = trusted === undefined ? [`makes the realm trust the tokens of ${platform.issuer}`] : [];
  return { proof, lines };
}

/** Makes the realm take the platform's tokens as proof of a client. Safe to repeat. */
export async function ensurePlatform(admin: KeycloakAdmin, spec: AgentSpec): Promise<Proof | undefined> {
  const { platform } = spec;
  if (platform === undefined) return undefined;
  const { alias } = await ensureTrusted(admin, platform);
  const proof = { alias, subject: platform.subject };
  await assertAlone(admin, spec.clientId, proof);
  return proof;
}

async function ensureTrusted(admin: KeycloakAdmin, platform: Platform): Promise<Trusted> {
  const { found } = await ensure(
    () => findTrusted(admin, platform),
    async () => {
      const what = `trust the tokens of ${platform.issuer}`;
      const role = 'manage-identity-providers';
      await admin.ask({
        method: 'POST',
        path: '/identity-provider/instances',
        role,
        body: toBody(platform),
        what,
      });
      return { alias: toAlias(platform), asserts: true };
    },
  );
  return found;
}

/**
 * Makes jobs of a platform be an agent that is there: their token stands for its key from now on. Safe to repeat.
 * Throws `unsupported` for conditions other than one `sub`, and for an agent that has keys: a client has one kind of proof.
 */
export async function trustPlatform(
  admin: KeycloakAdmin,
  client: KeycloakClient,
  { issuer, claims }: PlatformTrust,
): Promise<void> {
  const { sub: subject, ...others } = claims;
  if (subject === undefined || Object.keys(others).length > 0) {
    throw unsupported(
      'Keycloak tells jobs by their sub alone',
      issuer,
      'Name it, and nothing else: --claim sub=SUBJECT',
    );
  }
  if (client.keys.length > 0) {
    const hint = `Take its keys away first (agents remove ID --key MACHINE), or register another agent for the jobs.`;
    throw unsupported(
      'a client of Keycloak has a key or the tokens of its jobs, not both',
      client.clientId,
      hint,
    );
  }
  const kind = subject.startsWith('system:serviceaccount:') ? 'kubernetes' : 'oidc';
  const jwksUri = kind === 'oidc' ? await readJwksUri(admin, issuer) : '';
  const { alias } = await ensureTrusted(admin, { kind, issuer, jwksUri, subject });
  await assertAlone(admin, client.clientId, { alias, subject });
  await changeClient(admin, client, {
    clientAuthenticatorType: 'federated-jwt',
    attributes: {
      'jwt.credential.issuer': alias,
      'jwt.credential.sub': subject,
      [markAttributes.platform]: 'true',
    },
  });
}

/** Gives the proof that `trustPlatform` gave a client, so that a later plan keeps it. */
export function keptProof(client: KeycloakClient | undefined): Proof | undefined {
  const { attributes = {} } = client ?? {};
  const [alias, subject] = [attributes['jwt.credential.issuer'], attributes['jwt.credential.sub']];
  if (attributes[markAttributes.platform] !== 'true' || alias === undefined || subject === undefined)
    return undefined;
  return { alias, subject };
}

/** A CI system publishes its keys, though it is no provider that anybody signs in at. */
async function readJwksUri({ parts }: KeycloakAdmin, issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: said, jwks_uri: jwksUri } = toRecord((await parts.http.request(url)).body);
  if (said !== issuer || typeof jwksUri !== 'string') {
    throw new AgentIdError('untrusted-issuer', 'this platform does not publish its keys under its issuer', {
      where: issuer,
    });
  }
  assertSecure(jwksUri);
  return jwksUri;
}

function unsupported(message: string, where: string, hint: string): AgentIdError {
  return new AgentIdError('unsupported', message, { where, hint: `Nothing was changed. ${hint}` });
}

/** An issuer belongs to one identity provider of the realm only, so that agents of one platform share it. */
async function findTrusted(admin: KeycloakAdmin, { issuer, kind }: Platform): Promise<Trusted | undefined> {
  const instances = await admin.list({
    path: '/identity-provider/instances',
    role: 'view-identity-providers',
    what: 'list the issuers that it trusts',
  });
  const found = instances.find((one) => toTexts(one['config'])['issuer'] === issuer);
  if (found === undefined) return undefined;
  const asserts =
    found['providerId'] === 'kubernetes' || toTexts(found['config'])['supportsClientAssertions'] === 'true';
  const alias = String(found['alias']);
  if (asserts && found['enabled'] === true) return { alias, asserts };
  throw new AgentIdError(
    'conflict',
    `the realm's identity provider ${alias} does not take tokens of clients`,
    {
      where: issuer,
      hint: `Nothing was changed. Identity providers > ${alias} > Supports client assertions (${kind}).`,
    },
  );
}

/** Keycloak takes two clients of one subject, and the first wins: another agent would get what is meant for this one. */
async function assertAlone(admin: KeycloakAdmin, clientId: string, proof: Proof): Promise<void> {
  const twin = (await listClients(admin, '')).find(
    ({ clientId: other, attributes }) =>
      other !== clientId &&
      attributes['jwt.credential.issuer'] === proof.alias &&
      attributes['jwt.credential.sub'] === proof.subject,
  );
  if (twin === undefined) return;
  throw new AgentIdError('conflict', `another client proves itself as ${proof.subject}`, {
    where: twin.clientId,
    hint: 'Nothing was changed. Give each agent a job, branch, environment or service account of its own.',
  });
}

function toBody(platform: Platform): object {
  const { issuer, jwksUri, kind } = platform;
  const base = { alias: toAlias(platform), enabled: true, hideOnLogin: true };
  if (kind === 'kubernetes') return { ...base, providerId: 'kubernetes', config: { issuer } };
  return {
    ...base,
    providerId: 'oidc',
    config: {
      issuer,
      jwksUrl: jwksUri,
      useJwksUrl: 'true',
      validateSignature: 'true',
      supportsClientAssertions: 'true',
      // Nobody signs in there; Keycloak wants these filled in all the same.
      clientId: 'unused',
      authorizationUrl: `${issuer}/unused`,
      tokenUrl: `${issuer}/unused`,
    },
  };
}

function toAlias({ issuer }: Platform): string {
  const { host, pathname } = new URL(issuer);
  return `agent-id-${host}${pathname}`
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .replace(/-+$/, '')
    .slice(0, 200);
}
