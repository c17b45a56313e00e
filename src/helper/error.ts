import { ExchangeError, type ExchangeCode } from '../exchange/error.ts';
import { KeyFileError, KeyStoreError } from '../exchange/node.ts';
import { AgentIdError, type ErrorCode } from '../model/error.ts';

/** Whose error it is. */
export interface Whose {
  readonly agentId: string;
  readonly displayName: string;
  readonly issuer: string;
}

/** Says a refusal in the words of the command line, with what to do next. */
export function toAgentIdError(error: unknown, whose: Whose): unknown {
  if (error instanceof KeyFileError) return toKeyError(error, whose);
  if (!(error instanceof ExchangeError)) return error;
  if (error.code === 'signer-failed' && error.cause instanceof KeyStoreError)
    return toKeyStoreRefusal(error.cause);
  const { code, hint } = advice[error.code];
  const message =
    error.kind === 'denied'
      ? `${whose.displayName} was denied: ${error.message}`
      : `${whose.displayName}: ${error.message}`;
  return new AgentIdError(code, message, {
    cause: error,
    where: whose.issuer,
    ...(hint === undefined
      ? {}
      : { hint: hint.replaceAll('{id}', whose.agentId).replaceAll('{name}', whose.displayName) }),
    detail: error.code,
  });
}

/** Says in the words of the command line why what holds a key did not sign. */
export function toKeyStoreRefusal(error: KeyStoreError): AgentIdError {
  return new AgentIdError('not-ready', error.message, { cause: error, hint: error.hint });
}

function toKeyError(error: KeyFileError, { agentId, displayName }: Whose): AgentIdError {
  if (error.problem === 'missing') {
    return new AgentIdError('not-enrolled', `${displayName} has no key on this machine`, {
      cause: error,
      hint: `Run: agent-id agents enroll ${agentId}. A CI job needs no key: it needs a token of its platform (permissions: id-token: write).`,
    });
  }
  const code = error.problem === 'malformed' ? 'malformed' : 'unreadable';
  const leaked = error.problem === 'too-open' || error.problem === 'not-ours';
  return new AgentIdError(code, error.message, {
    cause: error,
    hint: `${leaked ? 'If somebody could have read it: delete' : 'Delete'} the file and run: agent-id agents enroll ${agentId}`,
  });
}

interface Advice {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const revoked = {
  code: 'denied',
  hint: 'If {name} is revoked, ask for: agent-id agents restore {id}. If this machine is new: agent-id agents enroll {id}',
} as const;
const userRefused = {
  code: 'denied',
  hint: 'The user must sign in again, and consent to {name}: agent-id login',
} as const;
const tooMuch = { code: 'denied', hint: 'See what it may do: agent-id agents show {id}' } as const;
const away = {
  code: 'idp-unreachable',
  hint: 'Try again later. For the embedded provider: agent-id idp start',
} as const;
const elsewhere = { code: 'untrusted-resource', hint: 'The token goes to its own resource only.' } as const;
const unasked = {
  code: 'unacceptable-token',
  hint: 'The identity provider is set up wrongly; the token was thrown away.',
} as const;

const advice: Readonly<Record<ExchangeCode, Advice>> = {
  'unknown-user': {
    code: 'unknown-name',
    hint: 'Name the user as the identity provider knows them, and nobody else does: --ask USER',
  },
  'user-refused': { code: 'denied', hint: 'Ask again only if the user says so.' },
  'not-answered': { code: 'denied', hint: 'Tell the user, then ask again. Nothing was done.' },
  'not-yet': { code: 'denied' },
  'slow-down': { code: 'idp-refused', hint: 'Ask less often.' },
  'cannot-ask': {
    code: 'unsupported',
    hint: 'Let the user sign in instead: agent-id login --device',
  },
  'invalid-client': revoked,
  'unauthorized-client': tooMuch,
  'access-denied': {
    code: 'denied',
    hint: 'If {name} is revoked, ask for: agent-id agents restore {id}. If it is newer than the sign-in of the user: agent-id login',
  },
  'invalid-grant': userRefused,
  'invalid-request': userRefused,
  'subject-expired': userRefused,
  'invalid-scope': tooMuch,
  'invalid-target': tooMuch,
  unreachable: away,
  'server-error': away,
  'malformed-answer': { code: 'idp-refused' },
  'outside-resource': elsewhere,
  redirected: elsewhere,
  'malformed-request': { code: 'usage' },
  'signer-failed': { code: 'internal', hint: 'Make another key: agent-id agents enroll {id}' },
  'expired-answer': { code: 'unacceptable-token', hint: 'Set the clock of this machine.' },
  'too-long': unasked,
  'wider-scope': unasked,
  'wrong-actor': unasked,
  'wrong-audience': unasked,
  'wrong-issuer': unasked,
  'wrong-subject': unasked,
  'wrong-token-type': unasked,
};
