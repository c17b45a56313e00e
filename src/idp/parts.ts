import type { Clock } from '../lib/clock.ts';
import type { Http } from '../lib/http.ts';
import type { StatePaths } from '../lib/state.ts';
import type { TrustedIdp } from './types.ts';

/** What an adapter is made of. */
export interface AdapterParts {
  readonly trust: TrustedIdp;
  readonly http: Http;
  readonly clock: Clock;
  readonly paths: Pick<StatePaths, 'keys'>;
}
