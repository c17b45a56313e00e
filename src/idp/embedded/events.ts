import { toTimestamp, type Clock } from '../../lib/clock.ts';
import { toRecord } from './state.ts';
import type { Store, StoreShape } from './store.ts';

/** One thing that happened at the provider or at an API behind it. Holds no token. */
export interface IdpEvent {
  readonly id: number;
  readonly time: string;
  readonly kind:
    'register' | 'update' | 'remove' | 'revoke' | 'restore' | 'sign-in' | 'consent' | 'token' | 'access';
  readonly agent: { readonly clientId: string; readonly displayName: string } | null;
  readonly user: string | null;
  readonly resource: { readonly uri: string; readonly displayName: string } | null;
  readonly operation: string | null;
  readonly scopes: readonly string[];
  readonly result: 'ok' | 'denied';
  readonly reason: string | null;
  readonly jti: string | null;
}

export interface EventLog {
  add(event: Partial<IdpEvent> & Pick<IdpEvent, 'kind'>): void;
  since(id: number): readonly IdpEvent[];
}

interface Events {
  readonly list: IdpEvent[];
  next: number;
}

const MAX_EVENTS = 2_000;

export const eventsShape: StoreShape<Events> = {
  create: () => ({ list: [], next: 1 }),
  parse: (json) => {
    const data = toRecord(json);
    if (data?.['schemaVersion'] !== 1 || !Array.isArray(data['list'])) return undefined;
    return typeof data['next'] === 'number'
      ? { list: data['list'] as IdpEvent[], next: data['next'] }
      : undefined;
  },
  dump: (events) => ({ schemaVersion: 1, ...events }),
};

/** Makes the log. It is for people to look at; agent-id's audit log is what can be verified. */
export function createEventLog(store: Store<Events>, clock: Clock): EventLog {
  return {
    add(event) {
      const { data } = store;
      const time = toTimestamp(clock());
      data.list.push({ ...blank, ...event, id: data.next, time });
      data.next += 1;
      if (data.list.length > MAX_EVENTS) data.list.splice(0, data.list.length - MAX_EVENTS);
      // Nothing waits for it: a full disk shows at the next write that matters.
      store.save().catch(() => undefined);
    },
    since: (id) => store.data.list.filter((event) => event.id > id),
  };
}

const blank = {
  agent: null,
  user: null,
  resource: null,
  operation: null,
  scopes: [],
  result: 'ok',
  reason: null,
  jti: null,
} as const;
