import { clockHint, type HttpAnswer } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';
import { toRecord } from './metadata.ts';

/** Turns an answer that says no into an error with the provider's own reason, where it gave a printable one. */
export function toRefusal(answer: HttpAnswer, what: string, where: string): AgentIdError {
  const { error, error_description: description } = toRecord(answer.body);
  const reason = [error, description].filter(isPrintable).join(': ') || `status ${answer.status}`;
  const hint = clockHint(answer) ?? hintFor(answer.status);
  return new AgentIdError('idp-refused', `the identity provider refused to ${what}: ${reason}`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A server's text is shown only where it cannot be a token or move the cursor. */
export function isPrintable(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20-\x7e]{1,200}$/.test(text) && !/\S{80}/.test(text);
}

function hintFor(status: number): string | undefined {
  if (status !== 401 && status !== 403) return undefined;
  return 'The key or token of the administrator is not accepted. Check it with: agent-id idp check NAME';
}

/** Refuses to touch what somebody else made. `mark` says where ours would be: `tags at Entra`. */
export function notOurs(clientId: string, mark: string, what = 'application'): AgentIdError {
  return new AgentIdError('conflict', `this ${what} is not ours`, {
    where: clientId,
    hint: `Nothing was changed. It has no mark of agent-id in its ${mark}.`,
  });
}

/** Says that a provider keeps no list of an API's long-lived secrets. */
export function noStaticSecrets(provider: string, api: string): AgentIdError {
  return new AgentIdError('unsupported', `${provider} does not know the long-lived secrets of ${api}`);
}
