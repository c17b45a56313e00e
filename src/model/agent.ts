import type { Reviewed } from './review.ts';
import type { ActsFor, ConsumerState, ScopeEvidence } from './consumer.ts';

/** A public key as RFC 7517 spells it. `kid` is the RFC 7638 thumbprint. */
export type PublicJwk = EcPublicJwk | RsaPublicJwk;

/** A P-256 key: what every provider gets that takes one. */
export interface EcPublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** An RSA key, for providers that take no other (Auth0, Entra). */
export interface RsaPublicJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly alg: 'PS256';
  readonly use: 'sig';
  /** Its certificate, DER in base64, for a provider that knows keys by certificates. @see RFC 7517 section 4.7 */
  readonly x5c?: [string];
}

/** What one agent may reach: one audience and the scopes its code uses. */
export interface Grant {
  /** Resource indicator, RFC 8707: an absolute URI without fragment. */
  readonly uri: string;
  readonly scopes: readonly string[];
  readonly maxTtlSeconds: number;
  /** The calls behind the scopes (`client.userApi.resetPassword`, `POST /api/v1/…`), where code shows every one of them. */
  readonly operations?: readonly string[];
}

/** The identity that one workload gets. A plain record. */
export interface AgentSpec {
  /** Id in the lock file: `password-reset`. */
  readonly id: string;
  readonly displayName: string;
  readonly owner: string | null;
  readonly actsFor: ActsFor;
  /** Chosen by us, so that a create can be repeated; the provider may not take it. */
  readonly clientId: string;
  readonly keys: readonly PublicJwk[];
  readonly grants: readonly Grant[];
  /** Where the workload's platform says who it is (CI job, Kubernetes): its token stands for a key, `keys` is empty. */
  readonly platform?: PlatformIdentity;
  /** Says which migration made it; sent to the provider so that a lost answer can be found again. */
  readonly marker: string;
}

/** An identity that a platform gives its workloads by short-lived tokens of its own. */
export interface PlatformIdentity {
  readonly kind: 'oidc' | 'kubernetes';
  readonly issuer: string;
  /** Where its keys are; a Kubernetes issuer says so itself. */
  readonly jwksUri: string;
  /** `sub` of its tokens, exactly: one job, branch, environment or service account. */
  readonly subject: string;
}

/** The lock file's record of one agent: no secret and no endpoint. */
export interface LockedAgent {
  readonly displayName: string;
  readonly owner: string | null;
  readonly idp: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: readonly { readonly thumbprint: string; readonly name: string }[];
  /** `on-behalf-of` (RFC 8693) or `as-itself` (client credentials). */
  readonly flow: 'on-behalf-of' | 'as-itself';
  readonly resources: readonly {
    /** Key in the IdP's trust file. */
    readonly key: string;
    readonly uri: string;
    readonly scopes: readonly ScopeEvidence[];
    readonly maxTtlSeconds: number;
    /** Who issues its tokens, where that is another server of the provider than `issuer`. */
    readonly tokenIssuer?: string;
    /** That server takes an identity assertion of `issuer` instead of a user's token (ID-JAG). */
    readonly identityAssertion?: true;
  }[];
  readonly consumers: readonly {
    readonly id: string;
    /** Keyed fingerprint of the old secret. */
    readonly secret: string;
    readonly state: ConsumerState;
    /** When it had moved for certain: its agent's last token when it was first seen to be verified (RFC 3339). */
    readonly verifiedAt?: string;
    readonly helperSha256?: string;
  }[];
  /** When `migrate` had tried it itself (RFC 3339): only a token after that is the consumer's own. */
  readonly probedAt?: string;
  /** The last access review; absent where there was none. */
  readonly reviewed?: Reviewed;
}

/** `agent-id.lock.json`. */
export interface Lock {
  readonly schemaVersion: 1;
  readonly agents: Readonly<Record<string, LockedAgent>>;
  /** Old secrets by fingerprint, with the provider's own id that `retire` revokes. */
  readonly secrets: Readonly<Record<string, LockedSecret>>;
}

export interface LockedSecret {
  readonly names: readonly string[];
  readonly rule: string;
  readonly provider: string;
  /** The provider's id of the secret, null where it must be revoked by hand. */
  readonly handle: string | null;
  readonly state: 'active' | 'retired';
}
