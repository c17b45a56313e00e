import type { Prover } from './dpop.ts';

/** Signs as the agent. The private key never leaves it: a file, the OS keychain, ssh-agent, an HSM. */
export interface Signer {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly alg: 'ES256' | 'PS256';
  /** SHA-256 of the key's certificate, base64url, for a provider that knows keys by certificates (RFC 7515 section 4.1.8). */
  readonly certificateThumbprint?: string;
  /** Gives the JWS signature over the ASCII bytes of `header.payload`, an ES256 one as IEEE P1363 (RFC 7515). */
  sign(input: Uint8Array): Promise<Uint8Array>;
  /** Gives the signer to use now: the key may have been replaced since. Absent where it never is. */
  current?(): Promise<Signer>;
}

/**
 * Proves a client that has no key of its own, by a token of the platform that it runs on: a CI job, a Kubernetes service
 * account. The provider must be told which of them are the client.
 * @see RFC 7523 section 2.2
 */
export interface PlatformIdentity {
  /** Gives a token whose audience is the provider. */
  token(audience: string): Promise<string>;
}

/** What the core needs from outside, so that it has no dependency and no ambient state. */
export interface AgentOptions {
  readonly signer: Signer | PlatformIdentity;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onEvent?: (event: ExchangeEvent) => void;
  readonly clientId: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /**
   * How a request names its resource; default `resource` (RFC 8707). `audience` is RFC 8693's, for servers that know no
   * other; `none` for a provider's own API, whose tokens need no name.
   */
  readonly target?: 'resource' | 'audience' | 'none';
  /** Where users are asked who are not there (`backchannel_authentication_endpoint`); absent where the provider does not. */
  readonly askEndpoint?: string;
  /** `aud` of the client assertion; default: the token endpoint (RFC 7523 section 3). */
  readonly assertionAudience?: string;
  /** How the provider departs from the standard; default: not at all. */
  readonly dialect?: 'auth0' | 'entra';
  /**
   * Who issues the resource's tokens, where that is somebody else who takes the provider's word for its users: then each
   * token takes two requests (ID-JAG, RFC 7523).
   */
  readonly resourceServer?: { readonly issuer: string; readonly tokenEndpoint: string };
  /** What subject tokens are; default: the user's access tokens. */
  readonly subjectTokenType?: 'id_token';
  /** Proves a key of this process at each request; then only tokens that are bound to it are accepted. */
  readonly prover?: Prover;
  /** Whether an answer without `act.sub` = this agent is refused. */
  readonly requireAct: boolean;
  /** Longest lifetime accepted, in seconds; default 300. */
  readonly maxTtlSeconds?: number;
}

/** What a caller asks for: one resource (RFC 8707) and the scopes. */
export interface TokenRequest {
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** What an agent asks of a user who is not there. `user` as the provider knows them; `message` is shown to them. */
export interface UserRequest extends TokenRequest {
  readonly user: string;
  readonly message?: string;
  /** Longest wait for the answer; at most, and by default, 300. */
  readonly waitSeconds?: number;
  /** Told once the question is with the provider, and how many seconds it stays open. */
  readonly onAsked?: (seconds: number) => void;
}

/** A token that passed all checks. `expiresAt` in milliseconds since 1970. */
export interface AccessToken {
  readonly value: string;
  readonly expiresAt: number;
  readonly scopes: readonly string[];
  readonly resource: string;
  readonly subject: string | null;
  readonly jti: string | null;
}

/** What the caller may log: never a token. */
export interface ExchangeEvent {
  readonly kind: 'exchange' | 'call' | 'ask';
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly subject: string | null;
  readonly asItself: boolean;
  readonly result: 'ok' | 'denied' | 'failed';
  readonly reason: string | null;
  readonly operation: string | null;
  readonly jti: string | null;
}

/** A token source for one subject, or for the agent itself. */
export interface TokenSource {
  /** Exchanges, or answers from memory; concurrent equal requests share one exchange. Throws `ExchangeError`. */
  token(request: TokenRequest): Promise<AccessToken>;
  /** `fetch` with the token; one re-exchange on 401 `invalid_token`. */
  fetch(request: TokenRequest): typeof globalThis.fetch;
}

export interface Agent {
  /** Acts for the user of this subject token (RFC 8693 delegation). */
  onBehalfOf(subjectToken: string): TokenSource;
  /** Acts as itself (client credentials): explicit, and audited as such. */
  asItself(): TokenSource;
  /**
   * Asks a user who is not there, and waits for the answer. Gives a subject token for `onBehalfOf`, which holds for what
   * was asked only. Each call asks anew. Throws `ExchangeError`.
   * @see OpenID CIBA Core 1.0
   */
  ask(request: UserRequest): Promise<string>;
}
