import type { AuditEvent } from '../../src/model/audit-entry.ts';

export function sample(change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    action: 'exchange',
    time: '2026-11-23T10:00:00Z',
    agent: {
      id: 'password-reset',
      displayName: 'Password-Reset Agent',
      clientId: 'agent-id.password-reset.abcdefgh',
    },
    user: 'user-x',
    asItself: false,
    resource: { uri: 'http://127.0.0.1:7000', displayName: 'Password API' },
    operation: 'POST /api/v1/users/{id}/lifecycle/reset_password',
    scopes: ['okta.users.manage'],
    result: 'ok',
    reason: null,
    jti: 'jti-1',
    ...change,
  };
}
