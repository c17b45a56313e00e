import type { AuditAction, AuditEvent } from '../model/audit-entry.ts';

/**
 * Renders one entry as a line without line break: who did what for whom, then time, operation, scopes, result.
 * `Password-Reset Agent accessed the Password API on behalf of user-x  2026-…Z  POST /…  okta.users.manage  ok`
 */
export function renderAuditLine(event: AuditEvent): string {
  const result = event.reason === null ? event.result : `${event.result} (${event.reason})`;
  const scopes = event.scopes.length === 0 ? '-' : event.scopes.join(' ');
  const columns = [toSentence(event), event.time, event.operation ?? '-', scopes, result];
  return columns.map(printable).join('  ');
}

const deeds: Readonly<
  Record<Exclude<AuditAction, 'ask' | 'exchange' | 'call' | 'login' | 'logout'>, string>
> = {
  register: 'was registered',
  enroll: 'got a key',
  revoke: 'was revoked',
  restore: 'was restored',
  remove: 'was removed',
  rotate: 'got a new key',
  review: 'was reviewed',
  migrate: 'was migrated',
  rollback: 'was rolled back',
  retire: 'had its old secret retired',
};

/** Says who did what for whom. */
export function toSentence(event: AuditEvent): string {
  const { action, agent, user } = event;
  if (action === 'login') return `${user ?? 'Somebody'} signed in`;
  if (action === 'logout') return `${user ?? 'Somebody'} signed out`;
  if (action === 'exchange' || action === 'call') return toAccess(event);
  if (action === 'ask') return toQuestion(event);
  const who = agent?.displayName ?? withoutAgent(action);
  return `${who} ${event.result === 'ok' ? deedOf(action, user) : `was not changed: ${action} ${event.result}`}`;
}

function deedOf(action: keyof typeof deeds, user: string | null): string {
  return action === 'review' && user !== null ? `${deeds[action]} by ${user}` : deeds[action];
}

function withoutAgent(action: AuditAction): string {
  if (action === 'retire') return 'Everybody';
  return action === 'migrate' || action === 'rollback' ? 'This repository' : 'An agent';
}

function toQuestion({ agent, user, resource, result }: AuditEvent): string {
  const answer = { ok: 'was allowed by', denied: 'was not allowed by', failed: 'could not ask' }[result];
  const target = resource === null ? '' : ` to reach ${resource.displayName}`;
  return `${agent?.displayName ?? 'An agent'} ${answer} ${user ?? 'a user'}${target}`;
}

function toAccess({ agent, user, asItself, resource, result }: AuditEvent): string {
  const verb = { ok: 'accessed', denied: 'was denied', failed: 'could not access' }[result];
  const name = resource?.displayName ?? 'a resource';
  const target = resource === null || /^the /i.test(name) ? name : `the ${name}`;
  const whose = user === null || asItself ? 'as itself' : `on behalf of ${user}`;
  return `${agent?.displayName ?? 'An agent'} ${verb} ${target} ${whose}`;
}

/** Escapes control and format characters: names come from repositories and tokens. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
