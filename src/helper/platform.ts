import { isAbsolute } from 'node:path';
import type { PlatformIdentity } from '../exchange/types.ts';
import { toRecord } from '../idp/metadata.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Http } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';

/** What a machine that runs jobs says about a job, signed: no key has to lie there. */
export interface Platform extends PlatformIdentity {
  /** For the person: where the token comes from. */
  readonly name: string;
}

/** Variables in which a platform puts a job's token, asked for before the job starts. */
const variables = [
  ['AGENT_ID_CI_TOKEN', 'AGENT_ID_CI_TOKEN'],
  ['BITBUCKET_STEP_OIDC_TOKEN', 'Bitbucket Pipelines'],
  ['CIRCLE_OIDC_TOKEN_V2', 'CircleCI'],
] as const;

/**
 * Finds the platform that this process runs on, by what it puts into the environment; `undefined` on a machine that has
 * none. GitHub Actions is asked for each token; the others hand one out for the job (`id_tokens` of GitLab as
 * `AGENT_ID_CI_TOKEN`), or keep one in a file (`AGENT_ID_CI_TOKEN_FILE`: Kubernetes, Jenkins).
 */
export function findPlatform(env: NodeJS.ProcessEnv, http: Http): Platform | undefined {
  const url = env['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const bearer = env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  if (isSet(url) && isSet(bearer))
    return { name: 'GitHub Actions', token: (audience) => askGithub(http, { url, bearer }, audience) };
  const file = env['AGENT_ID_CI_TOKEN_FILE'];
  if (isSet(file)) return { name: 'AGENT_ID_CI_TOKEN_FILE', token: () => readTokenFile(file) };
  for (const [variable, name] of variables) {
    const token = env[variable];
    if (isSet(token)) return { name, token: async () => toToken(token, name) };
  }
  return undefined;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** @see https://docs.github.com/actions/reference/security/oidc */
async function askGithub(
  http: Http,
  { url, bearer }: { readonly url: string; readonly bearer: string },
  audience: string,
): Promise<string> {
  const asked = new URL(url);
  asked.searchParams.set('audience', audience);
  const { status, body } = await http.request(asked.href, { headers: { authorization: `Bearer ${bearer}` } });
  if (status === 200) return toToken(toRecord(body)['value'], 'GitHub Actions');
  throw new AgentIdError('denied', `GitHub Actions gives this job no token (${status})`, {
    hint: 'The job needs permissions: id-token: write. Pull requests from forks never get one.',
  });
}

/** The file changes while the job runs: it is read for each exchange. */
async function readTokenFile(file: string): Promise<string> {
  if (!isAbsolute(file)) {
    throw new AgentIdError('usage', 'AGENT_ID_CI_TOKEN_FILE must be an absolute path', { where: file });
  }
  return toToken((await readTextIfThere(file))?.trim(), 'AGENT_ID_CI_TOKEN_FILE');
}

function toToken(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return value;
  throw new AgentIdError('unreadable', `${name} holds no token of a job`, {
    hint: 'It must be a JWT whose audience is the issuer of the identity provider.',
  });
}
