import type { AgentSpec, PublicJwk } from '../model/agent.ts';
import type { Secret } from '../model/secret.ts';

/** What a provider can and cannot do. The plan prints what is missing. */
export interface Capabilities {
  readonly exchange: 'rfc8693' | 'id-jag' | 'jwt-bearer-obo' | 'none';
  /** Finds an agent by a name that we choose (its client id, or another mark), so that a lost answer leaves no orphan. */
  readonly recoversLostAnswers: boolean;
  /** Whether tokens name the agent in `act` (RFC 8693 section 4.1). */
  readonly act: 'native' | 'mapper' | 'none';
  /** Shortest token lifetime that it can issue, in seconds. */
  readonly minTtlSeconds: number;
  /** Whether issued access tokens stop working on revocation (by introspection), before they expire. */
  readonly revokeIssued: boolean;
  /** Whether it can disable an agent and bring it back (`restore`). */
  readonly restore: boolean;
  /** Whether it says when an agent last got a token. */
  readonly lastUse: boolean;
  /** Whether it binds each agent to the scopes that we register. */
  readonly boundScopes: boolean;
  /** Kind of key that its agents must have; P-256 unless said. */
  readonly keyKind?: 'RSA';
  /** What of it no real server has shown yet: a sentence for the plan. */
  readonly unproven?: string;
}

/** Trust that this user gave with `idp add`: the only source of endpoints, since a scanned repository is not trusted. */
export interface TrustedIdp {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly type: 'embedded' | 'oidc' | 'okta' | 'keycloak' | 'auth0' | 'entra';
  readonly issuer: string;
  readonly resources: readonly TrustedResource[];
  /** Client that `login` uses (public client, authorization code with PKCE or device code). */
  readonly loginClientId?: string;
  /** Where users sign in, where that is another server of the provider: one of Okta's custom authorization servers. */
  readonly loginIssuer?: string;
  /** Who administers: its client id and where its private key lies (never the key). */
  readonly admin?: { readonly clientId: string; readonly keyFile: string };
  /** Okta: agents that act for users become AI agents, whose tokens take two requests (Cross App Access, beta there). */
  readonly crossAppAccess?: true;
  /** The environment names it (`AGENT_ID_ISSUER`), not this user: no user of another issuer is shown to it. */
  readonly fromEnvironment?: true;
}

/** An API that takes this provider's tokens. */
export interface TrustedResource {
  /** Short name used in code and flags: `password-api`. */
  readonly key: string;
  readonly uri: string;
  readonly displayName: string;
  readonly scopes: readonly string[];
  readonly maxTtlSeconds: number;
  /** Its tokens name the agent and no user: a provider's own API (Okta). */
  readonly agentOnly?: true;
  /** It takes only tokens that are bound to a key, with a proof at each request (RFC 9449). */
  readonly dpop?: true;
  /** What of the user its tokens are asked for with; an access token unless said. */
  readonly subject?: 'id-token';
  /** Who issues its tokens, where that is somebody else who takes this provider's assertions (ID-JAG). */
  readonly authorizationServer?: string;
  /** The provider API in front of which it stands: its operations and scopes are this API's. */
  readonly fronts?: { readonly api: string; readonly baseUrl: string };
}

/** Where the provider's things are, from RFC 8414 or OpenID Connect discovery. `issuer` equals the trusted one, else `untrusted-issuer`. */
export interface Metadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly authorization_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly backchannel_authentication_endpoint?: string;
  readonly registration_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly jwks_uri?: string;
  readonly grant_types_supported?: readonly string[];
  readonly token_endpoint_auth_methods_supported?: readonly string[];
}

/** One thing that was looked at. */
export interface CheckResult {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, or why not and what to do. */
  readonly detail: string;
}

/** A key as a provider tells of it: some never show the key again, only its thumbprint. */
export type RegisteredKey = Pick<PublicJwk, 'kid'>;

/** What a registration may reach. */
export interface RegisteredGrant {
  readonly uri: string;
  readonly scopes: readonly string[];
  /** Who issues its tokens, where that is another server of the provider than the trusted issuer. */
  readonly tokenIssuer?: string;
  /** That server takes an identity assertion of the trusted issuer instead of a user's token (ID-JAG). */
  readonly identityAssertion?: true;
}

/** One application at the provider, as the provider says it is. */
export interface Registration {
  readonly clientId: string;
  readonly displayName: string;
  readonly status: 'active' | 'revoked';
  readonly keys: readonly RegisteredKey[];
  readonly grants: readonly RegisteredGrant[];
  /** Null for an application that is not ours. */
  readonly marker: string | null;
  /** Seconds since 1970, null where never or unknown. */
  readonly lastTokenAt: number | null;
  /** What the machines are called whose keys these are, by thumbprint, where the provider keeps it. */
  readonly machines?: Readonly<Record<string, string>>;
}

/** A machine that asked to be let in and waits. */
export interface WaitingMachine {
  readonly clientId: string;
  readonly displayName: string;
  readonly name: string;
  /** RFC 7638 thumbprint of its key: the same as that machine shows. */
  readonly thumbprint: string;
}

/** How machines without rights at the provider get their keys in. */
export interface Enrollment {
  /** Makes a code for one machine, once, within `expiresInSeconds`. */
  makeCode(clientId: string): Promise<{ readonly code: Secret; readonly expiresInSeconds: number }>;
  /** Shows who waits behind a code that a machine shows. Throws `unknown-name`. */
  waiting(userCode: string): Promise<WaitingMachine>;
  decide(userCode: string, approve: boolean): Promise<void>;
}

/** Jobs that are an agent: those whose token this issuer signed and that hold every one of these claims. */
export interface PlatformTrust {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, string>>;
}

/** What applying would do. Plain data without secrets; `lines` are for the person. */
export interface Change {
  readonly kind: 'create' | 'update' | 'none' | 'conflict';
  readonly spec: AgentSpec;
  readonly lines: readonly string[];
}

/** One token that an agent got or was refused, by the provider's own log. Holds no token. */
export interface ProviderEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly clientId: string;
  /** The user on whose behalf; null where the agent acted as itself, or where the log does not say. */
  readonly subject: string | null;
  /** Resource URI, null where the log does not say. */
  readonly resource: string | null;
  readonly scopes: readonly string[];
  readonly outcome: 'ok' | 'denied';
}

/** A long-lived secret as its provider knows it; never the value. */
export interface StaticSecret {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly createdAt: string | null;
  readonly lastUsedAt: string | null;
}

/**
 * One identity provider.
 *
 * Every method may throw `idp-unreachable` (network, also after retries), `idp-refused` (it said no, with its
 * reason) or `untrusted-issuer` (its metadata names another issuer). Reads are safe to repeat; each effect
 * says whether it is.
 */
export interface IdpAdapter {
  readonly trust: TrustedIdp;
  readonly capabilities: Capabilities;
  discover(): Promise<Metadata>;
  /** Looks at what only this kind of provider needs: rights of the administrator, features. Reads only, throws nothing. */
  probe?(): Promise<readonly CheckResult[]>;
  /** Compares the wanted agent with what is there. Reads only. */
  plan(spec: AgentSpec): Promise<Change>;
  /** Registers or updates. Repeating it changes nothing. An id in use by something that is not ours throws `conflict`. */
  apply(change: Change): Promise<Registration>;
  inspect(clientId: string): Promise<Registration | undefined>;
  /** Lists applications that carry our marker. Throws `unsupported` where the provider cannot list (RFC 7592). */
  list(): Promise<readonly Registration[]>;
  /** Adds a machine's key, with its name where the provider keeps one. Repeating it changes nothing. */
  addKey(clientId: string, key: PublicJwk, machine?: string): Promise<Registration>;
  removeKey(clientId: string, kid: string): Promise<Registration>;
  /** Absent where the provider lets in no machine on its own. */
  readonly enrollment?: Enrollment;
  /** Lets jobs of a platform be the agent, without a key. Repeating it changes nothing. Absent where the provider has no interface for it. */
  trustPlatform?(clientId: string, platform: PlatformTrust): Promise<void>;
  /** No new token from now on, and live ones inactive where `revokeIssued`. Safe to repeat. */
  revoke(clientId: string): Promise<void>;
  restore(clientId: string): Promise<void>;
  /** Deletes the application; a missing one is no error. Refuses one without our marker with `conflict`. */
  remove(clientId: string): Promise<void>;
  /**
   * Lists what the provider's log says of tokens for agents since a time (milliseconds since 1970), oldest first, as far
   * back as it keeps it. Absent where it has no log that says so.
   */
  events?(since: number): Promise<readonly ProviderEvent[]>;
  /** Lists the provider's own long-lived secrets of one API (`okta`), so that a plan can bind one. */
  staticSecrets(api: string): Promise<readonly StaticSecret[]>;
  /** Revokes one by its id. A missing one is no error. */
  revokeStaticSecret(api: string, id: string): Promise<void>;
}
