/** Every way in which agent-id says no. Closed: add here, and to `docs/errors.md`, before throwing a new one. */
export type ErrorCode =
  | 'usage'
  | 'unreadable'
  | 'unwritable'
  | 'malformed'
  | 'newer-schema'
  | 'unknown-name'
  | 'ambiguous'
  | 'secret-in-argument'
  | 'no-git'
  | 'no-home'
  | 'not-interactive'
  | 'locked'
  | 'transaction-open'
  | 'changed-since'
  | 'outside-root'
  | 'dirty'
  | 'conflict'
  | 'untrusted-issuer'
  | 'untrusted-resource'
  | 'idp-unreachable'
  | 'idp-refused'
  | 'host-unreachable'
  | 'host-refused'
  | 'port-taken'
  | 'not-signed-in'
  | 'not-enrolled'
  | 'denied'
  | 'unacceptable-token'
  | 'not-ready'
  | 'audit-broken'
  | 'interrupted'
  | 'unsupported'
  | 'internal';

interface ErrorOptions {
  readonly cause?: unknown;
  /** Where: `path:line`, a URL without query, a field. For the person. */
  readonly where?: string;
  /** What to do next, one sentence. For the person. */
  readonly hint?: string;
  /** What only the log should hold. Never a secret. */
  readonly detail?: string;
}

/**
 * Says what is wrong, where, and what to do next.
 *
 * `message` is one line for the person and holds no secret. The command line prints it as
 * `error[CODE]: message` and exits with 2 (130 for `interrupted`).
 */
export class AgentIdError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AgentIdError';
    this.code = code;
    this.where = options.where;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}
