import { assertSecure } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';

/** A GitHub that this user trusts: the public one, one of an enterprise, or a program on this machine. */
export interface GithubHost {
  /** Where its API is, without `/` at the end. */
  readonly api: string;
  /** Where its pages and repositories are, without `/` at the end. */
  readonly server: string;
  /** Name of the host, as `gh auth token --hostname` takes it. */
  readonly name: string;
  /** One of GitHub's own, for which `GH_TOKEN` is meant. */
  readonly isPublic: boolean;
}

/**
 * Finds which GitHub is meant, by the variables that Actions and `gh` set: `GITHUB_API_URL`, else `GITHUB_SERVER_URL`
 * or `GH_HOST`, else the public one. Throws `untrusted-issuer` for an address without TLS that is not this machine,
 * `usage` where the two are of different hosts.
 */
export function toGithubHost(env: NodeJS.ProcessEnv): GithubHost {
  const named = bare(env['GITHUB_SERVER_URL']) ?? (env['GH_HOST'] ? `https://${env['GH_HOST']}` : undefined);
  const api = bare(env['GITHUB_API_URL']) ?? toApi(named ?? 'https://github.com');
  assertSecure(api);
  const server = named ?? toServer(api);
  assertSecure(server);
  const name = new URL(server).host;
  if (!isOne(api, server))
    throw new AgentIdError('usage', 'the API and the server are of different hosts', {
      where: `${new URL(api).host} and ${name}`,
      hint: 'Set GITHUB_API_URL and GITHUB_SERVER_URL to one host, or unset both.',
    });
  return { api, server, name, isPublic: name === 'github.com' || name.endsWith('.ghe.com') };
}

function bare(url: string | undefined): string | undefined {
  return url === undefined || url === '' ? undefined : url.replace(/\/+$/, '');
}

function toApi(server: string): string {
  assertSecure(server);
  const { host, origin } = new URL(server);
  return host === 'github.com' || host.endsWith('.ghe.com') ? `https://api.${host}` : `${origin}/api/v3`;
}

function toServer(api: string): string {
  const { host, origin } = new URL(api);
  return /^api\.(github\.com|.+\.ghe\.com)$/.test(host) ? `https://${host.slice('api.'.length)}` : origin;
}

/** Two programs on this machine may have two ports. */
function isOne(api: string, server: string): boolean {
  const [a, b] = [new URL(toServer(api)), new URL(server)];
  return a.protocol === 'http:' || b.protocol === 'http:' ? a.protocol === b.protocol : a.host === b.host;
}
