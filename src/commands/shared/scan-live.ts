import type { Io } from '../../lib/io.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Finding } from '../../model/finding.ts';
import { checkLive } from '../../survey/live/check-live.ts';
import type { Values } from '../../survey/live/values.ts';
import type { ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** A name of a host, with a port or the path of its API. */
const hostName = /^(?=.{1,250}$)[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?(?::\d{1,5})?(?:\/[\w-]{1,30}){0,4}$/i;

/** Reads `--live-host PROVIDER=HOST`. Throws `usage`; for a provider of one host only, or of no check, `unknown-name`. */
export function toLiveHosts(
  { live, liveHost = [] }: ScanFlags,
  { ruleList }: Eyes,
): ReadonlyMap<string, string> {
  if (liveHost.length > 0 && live !== true) throw new AgentIdError('usage', '--live-host goes with --live');
  const named = new Set(
    ruleList.flatMap((rule) => (rule.live?.url.includes('{host}') === true ? [rule.provider] : [])),
  );
  const hosts = new Map<string, string>();
  for (const written of liveHost) {
    const [, provider = '', host = ''] = /^([a-z0-9-]+)=(.+)$/.exec(written) ?? [];
    if (!hostName.test(host))
      throw new AgentIdError('usage', '--live-host takes PROVIDER=HOST', {
        where: written.slice(0, 150),
        hint: 'Such as okta=acme.okta.com, or github=git.acme.example/api/v3.',
      });
    if (!named.has(provider))
      throw new AgentIdError('unknown-name', 'a host can be named for no such provider', {
        where: provider,
        hint: `Providers: ${[...named].sort().join(', ')}.`,
      });
    hosts.set(provider, host);
  }
  return hosts;
}

/** What checks need to know of a run. */
export interface LiveView {
  readonly eyes: Eyes;
  readonly flags: ScanFlags;
  readonly io: Io;
  readonly say: (text: string) => void;
}

/** Asks providers about the values of findings. */
export function withLive(
  findings: readonly Finding[],
  values: Values,
  { eyes, flags, io, say }: LiveView,
): Promise<readonly Finding[]> {
  const hosts = toLiveHosts(flags, eyes);
  return checkLive(findings, { rules: eyes.ruleList, values, hosts, clock: io.clock, say });
}
