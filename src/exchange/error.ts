/** Why there is no token, or why a request was not sent. Closed; `kindOf` says what a caller can do about it. */
export type ExchangeCode =
  // The provider said no.
  | 'access-denied'
  | 'invalid-grant'
  | 'invalid-target'
  | 'invalid-scope'
  | 'invalid-request'
  | 'unauthorized-client'
  | 'invalid-client'
  | 'unknown-user'
  | 'user-refused'
  | 'not-answered'
  // The user has not answered yet.
  | 'not-yet'
  | 'slow-down'
  // It could not be asked, or did not answer in the protocol.
  | 'unreachable'
  | 'server-error'
  | 'malformed-answer'
  // It answered with something that was not asked for.
  | 'wider-scope'
  | 'too-long'
  | 'wrong-audience'
  | 'wrong-issuer'
  | 'wrong-token-type'
  | 'wrong-actor'
  | 'wrong-subject'
  | 'expired-answer'
  // We did not ask at all.
  | 'subject-expired'
  | 'cannot-ask'
  | 'malformed-request'
  | 'signer-failed'
  | 'outside-resource'
  | 'redirected';

/** `denied`: ask a person. `failed`: try again later. `unacceptable`: the provider is set up wrongly. `refused`: the caller is. */
export type ExchangeKind = 'denied' | 'failed' | 'unacceptable' | 'refused';

const kinds: Readonly<Record<ExchangeCode, ExchangeKind>> = {
  'access-denied': 'denied',
  'invalid-grant': 'denied',
  'invalid-target': 'denied',
  'invalid-scope': 'denied',
  'invalid-request': 'denied',
  'unauthorized-client': 'denied',
  'invalid-client': 'denied',
  'unknown-user': 'denied',
  'user-refused': 'denied',
  'not-answered': 'denied',
  'not-yet': 'failed',
  'slow-down': 'failed',
  unreachable: 'failed',
  'server-error': 'failed',
  'malformed-answer': 'failed',
  'wider-scope': 'unacceptable',
  'too-long': 'unacceptable',
  'wrong-audience': 'unacceptable',
  'wrong-issuer': 'unacceptable',
  'wrong-token-type': 'unacceptable',
  'wrong-actor': 'unacceptable',
  'wrong-subject': 'unacceptable',
  'expired-answer': 'unacceptable',
  'subject-expired': 'denied',
  'cannot-ask': 'refused',
  'malformed-request': 'refused',
  'signer-failed': 'failed',
  'outside-resource': 'refused',
  redirected: 'refused',
};

/**
 * Says why there is no token.
 *
 * `message` is for the person and holds no token. `status` is the HTTP status of the provider's answer, null where
 * there was none.
 */
export class ExchangeError extends Error {
  readonly code: ExchangeCode;
  readonly kind: ExchangeKind;
  readonly status: number | null;

  constructor(code: ExchangeCode, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ExchangeError';
    this.code = code;
    this.kind = kinds[code];
    this.status = options.status ?? null;
  }
}
