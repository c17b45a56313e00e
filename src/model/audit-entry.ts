/** What happened. `call` is one request that the helper sent with a token; `exchange` one token obtained; `ask` a question to a user. */
export type AuditAction =
  | 'register'
  | 'enroll'
  | 'ask'
  | 'exchange'
  | 'call'
  | 'revoke'
  | 'restore'
  | 'remove'
  | 'rotate'
  | 'review'
  | 'migrate'
  | 'rollback'
  | 'retire'
  | 'login'
  | 'logout';

/** One event, before it is chained. Times are RFC 3339 in UTC. Holds no token and no secret. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly time: string;
  /** Agent id and name; null for what a person did to no agent in particular. */
  readonly agent: { readonly id: string; readonly displayName: string; readonly clientId: string } | null;
  /** The user on whose behalf; null when the agent acted as itself or none is involved. */
  readonly user: string | null;
  readonly asItself: boolean;
  readonly resource: { readonly uri: string; readonly displayName: string } | null;
  /** `POST /api/v1/users/{id}/…` with ids replaced, or the verb that was run. */
  readonly operation: string | null;
  readonly scopes: readonly string[];
  readonly result: 'ok' | 'denied' | 'failed';
  /** Error code or HTTP status where the result is not `ok`. */
  readonly reason: string | null;
  /** The token's id (`jti`), never the token. */
  readonly jti: string | null;
}

/** One line of the log. `hash` = SHA-256 over the canonical entry without `hash`, which includes `prev`. */
export interface AuditEntry extends AuditEvent {
  readonly schemaVersion: 1;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}
