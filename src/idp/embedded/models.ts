import { toMap, toRecord } from './state.ts';
import type { StoreShape } from './store.ts';

/** What the OpenID library keeps: sessions, codes, grants, refresh tokens, used assertions. */
export interface Model {
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970, null where it does not end. */
  readonly expiresAt: number | null;
}

export type Models = Map<string, Model>;

export const modelsShape: StoreShape<Models> = {
  create: () => new Map(),
  parse: (json) => {
    const data = toRecord(json);
    return data?.['schemaVersion'] === 1 ? toMap<Model>(data['models']) : undefined;
  },
  dump: (models) => ({ schemaVersion: 1, models: [...withoutExpired(models)] }),
};

function withoutExpired(models: Models): Models {
  const now = Date.now();
  for (const [key, { expiresAt }] of models) if (expiresAt !== null && expiresAt < now) models.delete(key);
  return models;
}

/** Remembers that a one-time id was used; says `false` where it was before. */
export function takeOnce(models: Models, id: string, expiresAt: number): boolean {
  const key = `Once:${id}`;
  if (models.has(key)) return false;
  models.set(key, { kind: 'Once', payload: {}, expiresAt });
  return true;
}
