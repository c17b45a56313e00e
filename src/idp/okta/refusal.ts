import { clockHint, type HttpAnswer } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import { isPrintable } from '../refusal.ts';

/** Turns Okta's no into an error with its own reason, and the place in the Admin Console that changes it. */
export function toOktaRefusal(
  answer: HttpAnswer,
  { what, scope }: { readonly what: string; readonly scope: string },
  where: string,
): AgentIdError {
  const hint = clockHint(answer) ?? hintFor(answer, scope);
  return new AgentIdError('idp-refused', `Okta refused to ${what}: ${toReason(answer)}`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Okta's API speaks of `errorSummary` with causes, its token endpoint of `error` (RFC 6749 section 5.2). */
function toReason({ status, body }: HttpAnswer): string {
  const data = toRecord(body);
  const causes = Array.isArray(data['errorCauses']) ? data['errorCauses'] : [];
  const said = [
    data['errorCode'],
    data['errorSummary'],
    ...causes.map((cause) => toRecord(cause)['errorSummary']),
    data['error'],
    data['error_description'],
  ].filter(isPrintable);
  return said.length === 0 ? `status ${status}` : said.join(': ');
}

function hintFor({ status, body }: HttpAnswer, scope: string): string | undefined {
  const { error } = toRecord(body);
  if (error === 'invalid_scope') return consolePath.scope(scope);
  if (error === 'invalid_client') return consolePath.key;
  if (status === 401) return consolePath.key;
  if (status === 403) return `${consolePath.scope(scope)} ${consolePath.role}`;
  return undefined;
}

/** Where an administrator finds each thing in Okta's Admin Console. */
export const consolePath = {
  scope: (scope: string) =>
    `Grant ${scope}: Admin Console > Applications > Applications > the admin app > Okta API Scopes.`,
  role: 'Give it a role: Admin Console > Applications > Applications > the admin app > Admin roles.',
  key: 'Look at its keys: Admin Console > Applications > Applications > the admin app > General > Public keys.',
  server: 'Admin Console > Security > API > Authorization Servers.',
  tokens: 'Admin Console > Security > API > Tokens.',
} as const;
