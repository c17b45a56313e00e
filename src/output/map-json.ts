import type { SecretMap } from '../model/consumer.ts';
import type { Impact } from '../model/impact.ts';
import { envelope } from './version.ts';

/** Gives the map as data; its schema is `schemas/map.schema.json`. With `--impact`, what a revocation now would break. */
export function toMapJson(map: SecretMap, impact: Impact | null): object {
  return {
    ...envelope,
    secrets: map.secrets,
    unresolved: map.unresolved,
    ...(impact === null ? {} : { impact: toImpactJson(impact) }),
  };
}

function toImpactJson(impact: Impact): object {
  return {
    clean: impact.clean,
    unresolved: impact.unresolved.length,
    secrets: impact.secrets.map(({ breaks, unsure, ...counts }) => ({
      ...counts,
      breaks: breaks.map((consumer) => consumer.id),
      unsure: unsure.map((consumer) => consumer.id),
    })),
  };
}
