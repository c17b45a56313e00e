import type { ErrorCode } from '../model/error.ts';

/** What each error code means and what to do about it: the text of `explain CODE`. */
export const errorCodes: Readonly<Record<ErrorCode, string>> = {
  usage: 'A flag or argument is missing, unknown or of the wrong form. `agent-id VERB --help` lists them.',
  unreadable: 'A path that was named cannot be read. Check that it is there and that you may read it.',
  unwritable: 'A file or folder cannot be written: permissions, a full disk, or a read-only place.',
  malformed: 'A file is not of the form that it should have. The place is named; nothing was done.',
  'newer-schema': 'A file was written by a newer agent-id. Upgrade this one.',
  'unknown-name': 'Nothing has the name that was given: a rule, a secret, an agent, a resource, a provider.',
  ambiguous: 'A name or the start of an id fits several things. Give more of it.',
  'secret-in-argument':
    'An argument looks like a secret. Arguments show in process lists and shell history: use --secret-stdin, and treat the value as leaked.',
  'no-git': 'The verb needs git and a git repository, and one of them is missing here.',
  'no-home': 'There is no folder for state. Set AGENT_ID_HOME to an absolute path.',
  'not-interactive':
    'A question would have to be asked, but nobody is there to answer it. The error names the flag.',
  locked: 'Another agent-id works on the same state. Wait for it, or end it.',
  'transaction-open':
    'An interrupted migration is open. `agent-id migrate --status` shows it; --resume or --rollback ends it.',
  'changed-since': 'A file is not what it was when it was scanned. Run the verb again.',
  'outside-root': 'A path leads out of the folder that the verb works in.',
  dirty: 'The work tree has changes that a migration could mix with. Commit them, or pass --allow-dirty.',
  conflict: 'Something of that name is there already and is not ours, so it was not overwritten.',
  'untrusted-issuer':
    'A repository names an identity provider that this user does not trust. `agent-id idp add` decides that, never a repository.',
  'untrusted-resource':
    'A repository names a resource that the trusted provider does not know under that address.',
  'idp-unreachable': 'The identity provider does not answer.',
  'idp-refused': 'The identity provider refused a request; its reason is in the message.',
  'host-unreachable':
    'A source host such as GitHub does not answer, or asks to wait too long. What was done is kept: run it again.',
  'host-refused':
    'A source host such as GitHub refuses: there is no token, it is expired, or it lacks a right. The hint names what it needs.',
  'port-taken': 'Something listens on the port of the embedded provider, whose issuer must not change.',
  'not-signed-in': 'An agent would act for a user, and no user has signed in. `agent-id login`.',
  'not-enrolled': 'This machine has no key for that agent. `agent-id agents enroll`.',
  denied: 'The agent may not do that: consent, scope or registration do not cover it, or it was revoked.',
  'unacceptable-token':
    'The provider gave a token that is wider, longer-lived or less delegated than asked. It was thrown away.',
  'not-ready': 'A step before this one is not done yet; the message names it.',
  'audit-broken': 'The audit log was altered or cut off. `agent-id audit verify` says where.',
  interrupted: 'The run was stopped before it was done. Nothing is left half done.',
  unsupported: 'The provider, platform or format cannot do that.',
  internal: 'A fault in agent-id. Please report it, with what --verbose adds.',
};

/** Says whether a text is one of the error codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
