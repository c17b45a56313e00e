import type { Operation } from './types.ts';

/** One call of an API in code: the operation that it reaches, or why that cannot be said. */
export interface Reach {
  readonly path: string;
  readonly line: number;
  /** The call in a few words, without values: `client.userApi.listUsers`, `POST /api/v1/users/{}/lifecycle/unlock`. */
  readonly call: string;
  readonly operation: Operation | null;
  readonly why: string | null;
}
