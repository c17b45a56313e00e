import type { ExchangeEvent } from '../exchange/types.ts';
import type { TrustedIdp } from '../idp/types.ts';
import type { LockedAgent } from '../model/agent.ts';
import type { AuditEvent } from '../model/audit-entry.ts';

/** Who made an event, and when. */
interface Maker {
  readonly id: string;
  readonly locked: LockedAgent;
  readonly trust: TrustedIdp;
  readonly time: string;
}

/** Says an exchange or a call as the audit log says it. */
export function toAuditEvent(event: ExchangeEvent, { id, locked, trust, time }: Maker): AuditEvent {
  const { kind, subject, asItself, operation, scopes, result, reason, jti } = event;
  const resource = trust.resources.find(({ uri }) => uri === event.resource);
  return {
    action: kind,
    time,
    agent: { id, displayName: locked.displayName, clientId: locked.clientId },
    user: asItself ? null : subject,
    asItself,
    resource: { uri: event.resource, displayName: resource?.displayName ?? event.resource },
    operation:
      operation ?? (kind === 'ask' ? 'ask the user' : asItself ? 'client credentials' : 'token exchange'),
    scopes,
    result,
    reason,
    jti,
  };
}

/** Appends that were begun and must be over before their caller goes on. */
export interface AuditQueue {
  add(append: () => Promise<void>): void;
  /** Waits for all that were added; throws the first failure, once. What cannot be audited must not happen unseen. */
  settled(): Promise<void>;
}

export function createLog(): AuditQueue {
  let tail: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  return {
    add(append) {
      tail = tail.then(append).catch((error: unknown) => {
        failure ??= { error };
      });
    },
    async settled() {
      await tail;
      const failed = failure;
      failure = undefined;
      if (failed !== undefined) throw failed.error;
    },
  };
}
