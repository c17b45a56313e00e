import { createHash, X509Certificate } from 'node:crypto';
import type { AgentSpec, PublicJwk, RsaPublicJwk } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { PlatformTrust } from '../types.ts';
import { actScope } from './act-scope.ts';

/** Every body that is sent to Microsoft Graph; a test holds their types against the vendor's own. */

/** Where Entra itself is the audience of a platform's token. */
export const federationAudience = 'api://AzureADTokenExchange';

export interface ApplicationBody {
  displayName?: string;
  signInAudience?: 'AzureADMyOrg';
  tags?: string[];
  identifierUris?: string[];
  api?: ApiBody;
  keyCredentials?: KeyBody[];
}

export interface ApiBody {
  requestedAccessTokenVersion?: 2;
  oauth2PermissionScopes?: ScopeBody[];
  preAuthorizedApplications?: { appId: string; delegatedPermissionIds: string[] }[];
}

export interface ScopeBody {
  id: string;
  value: string;
  type: 'User';
  isEnabled: boolean;
  adminConsentDisplayName: string;
  adminConsentDescription: string;
  userConsentDisplayName: string;
  userConsentDescription: string;
}

export interface KeyBody {
  type: 'AsymmetricX509Cert';
  usage: 'Verify';
  key: string;
  displayName: string;
  startDateTime: string;
  endDateTime: string;
}

export interface PrincipalBody {
  accountEnabled: boolean;
  tags?: string[];
}

export interface FederationBody {
  issuer: string;
  subject: string;
  audiences: string[];
  description: string;
}

export interface DelegationBody {
  clientId: string;
  consentType: 'AllPrincipals';
  resourceId: string;
  scope: string;
}

export interface RoleBody {
  principalId: string;
  resourceId: string;
  appRoleId: string;
}

/** Stands in the tags until every part of a registration is there. */
const unfinished = 'agent-id-unfinished';

const marks = {
  ours: 'agent-id',
  marker: 'agent-id-marker:',
  owner: 'agent-id-owner:',
  actsFor: 'agent-id-acts-for:',
};

export const ourTag = marks.ours;

/** What we write into the tags of an application: how it is known as ours. */
export interface Mark {
  readonly marker: string;
  readonly owner: string | null;
  readonly actsFor: string;
  readonly complete: boolean;
}

export function toTags(
  spec: Pick<AgentSpec, 'owner' | 'actsFor'>,
  { marker, complete }: Pick<Mark, 'marker' | 'complete'>,
): string[] {
  return [
    marks.ours,
    `${marks.marker}${marker}`,
    `${marks.actsFor}${spec.actsFor}`,
    ...(spec.owner === null ? [] : [`${marks.owner}${spec.owner}`]),
    ...(complete ? [] : [unfinished]),
  ];
}

/** Tags of an application that are not ours. */
export function foreignTags(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => !/^agent-id(-unfinished|-(marker|owner|acts-for):.*)?$/.test(tag));
}

export function readMark(tags: readonly string[]): Mark | null {
  const value = (prefix: string): string | undefined =>
    tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const marker = value(marks.marker);
  if (!tags.includes(marks.ours) || marker === undefined) return null;
  const [owner, actsFor] = [value(marks.owner) ?? null, value(marks.actsFor) ?? ''];
  return { marker, owner, actsFor, complete: !tags.includes(unfinished) };
}

/** The scope's id is derived, so that doing it twice makes one. */
export function toActScope(clientName: string, displayName: string): ScopeBody {
  const hash = createHash('sha256').update(`agent-id act ${clientName}`).digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  const text = `Let ${displayName} act for you`;
  return {
    id,
    value: actScope,
    type: 'User',
    isEnabled: true,
    adminConsentDisplayName: text,
    adminConsentDescription: `${displayName} gets tokens on behalf of the signed-in user`,
    userConsentDisplayName: text,
    userConsentDescription: `${displayName} gets tokens on your behalf`,
  };
}

/** Throws `unsupported` for a key without a certificate: Entra knows keys by nothing else. */
export function toKeyBody(key: PublicJwk, machine?: string): KeyBody {
  const certificate = readCertificate(key);
  return {
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    key: certificate.raw.toString('base64'),
    displayName: machine ?? key.kid,
    startDateTime: toIso(certificate.validFrom),
    endDateTime: toIso(certificate.validTo),
  };
}

function readCertificate(key: PublicJwk): X509Certificate {
  const text = key.kty === 'RSA' ? (key satisfies RsaPublicJwk).x5c?.[0] : undefined;
  if (text !== undefined) return new X509Certificate(Buffer.from(text, 'base64'));
  throw new AgentIdError('unsupported', 'Entra takes RSA keys with a certificate only', {
    where: key.kid,
    hint: 'Delete the key file of this agent, which was made for another provider, and do the same again.',
  });
}

/** Throws `unsupported` for conditions other than one `sub`. */
export function toFederationBody({ issuer, claims }: PlatformTrust): FederationBody {
  const { sub: subject, ...others } = claims;
  if (subject === undefined || Object.keys(others).length > 0) {
    throw new AgentIdError('unsupported', 'Entra tells jobs by their sub alone', {
      where: issuer,
      hint: 'Name it, and nothing else: --claim sub=SUBJECT',
    });
  }
  return { issuer, subject, audiences: [federationAudience], description: 'made by agent-id' };
}

/** A name that is always the same for the same jobs: adding twice adds one. */
export function federationName({ issuer, subject }: FederationBody): string {
  return `agent-id-${createHash('sha256').update(`${issuer} ${subject}`).digest('hex').slice(0, 24)}`;
}

/** `Nov 25 08:00:00 2026 GMT`, as OpenSSL writes dates, in RFC 3339. */
function toIso(text: string): string {
  const [, month = '', day = '', time = '', year = ''] =
    /^(\w{3})\s+(\d+) ([\d:]+) (\d{4}) GMT$/.exec(text) ?? [];
  const at = 'JanFebMarAprMayJunJulAugSepOctNovDec'.indexOf(month) / 3 + 1;
  return `${year}-${String(at).padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`;
}
