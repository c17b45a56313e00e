import { clockHint, type HttpAnswer } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { toRecord } from '../metadata.ts';
import { isPrintable } from '../refusal.ts';
import type { KeycloakCall } from './admin.ts';

/** Turns Keycloak's no into an error with its own reason, and what gives the right that is missing. */
export function toKeycloakRefusal(
  answer: HttpAnswer,
  { what, role }: Pick<KeycloakCall, 'what' | 'role'>,
  { realm, where }: { readonly realm: string; readonly where: string },
): AgentIdError {
  const hint = clockHint(answer) ?? hintFor(answer, { role, realm });
  // 409: somebody made the very thing at the same time, or it is somebody else's.
  const code = answer.status === 409 ? 'conflict' : 'idp-refused';
  return new AgentIdError(code, `Keycloak refused to ${what}: ${toReason(answer)}`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The admin API speaks of `errorMessage`, the token endpoint of `error` (RFC 6749 section 5.2). */
function toReason({ status, body }: HttpAnswer): string {
  const data = toRecord(body);
  const said = [data['errorMessage'], data['error'], data['error_description']].filter(isPrintable);
  return said.length === 0 ? `status ${status}` : said.join(': ');
}

function hintFor(
  { status, body }: HttpAnswer,
  { role, realm }: { readonly role: string; readonly realm: string },
): string | undefined {
  const { error } = toRecord(body);
  if (status === 403) return giveRole(role, realm);
  if (status === 401 || error === 'invalid_client' || error === 'unauthorized_client') {
    return 'Look at the admin client: Clients > the admin client > Credentials (Signed JWT, ES256) and > Keys.';
  }
  return undefined;
}

/** Says how an administrator gives a role, by command and in the console. */
export function giveRole(role: string, realm: string): string {
  return (
    `Give the role ${role}: kcadm.sh add-roles -r ${realm} --uusername service-account-CLIENT ` +
    `--cclientid realm-management --rolename ${role} (console: Clients > the admin client > Service account roles).`
  );
}
