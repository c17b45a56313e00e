import type { AgentSpec } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { ensure } from '../ensure.ts';
import type { KeycloakAdmin } from './admin.ts';
import { listClients, toTexts } from './client.ts';
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
  const proof = { alias: found.alias, subject: platform.subject };
  await assertAlone(admin, spec.clientId, proof);
  return proof;
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
