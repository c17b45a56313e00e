import { captureCommand } from '../../lib/capture.ts';
import { Secret } from '../../model/secret.ts';
import type { GithubHost } from './host.ts';

/**
 * Finds the token of this user for a host: in the environment, else that of `gh`. `undefined` where there is none.
 */
export async function findGithubToken(host: GithubHost, env: NodeJS.ProcessEnv): Promise<Secret | undefined> {
  // As with `gh`: a token of github.com is never shown to another host.
  const names = host.isPublic
    ? ['GH_TOKEN', 'GITHUB_TOKEN']
    : ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];
  const given = names.map((name) => env[name]?.trim() ?? '').find((value) => value !== '');
  if (given !== undefined) return new Secret(given);
  const answer = await captureCommand('gh', ['auth', 'token', '--hostname', host.name], env);
  const token = answer?.code === 0 ? answer.stdout.trim() : '';
  return token === '' ? undefined : new Secret(token);
}
