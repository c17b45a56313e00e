import type { PlatformIdentity } from '../exchange/types.ts';
import { toRecord } from '../idp/metadata.ts';
import { captureCommand } from '../lib/capture.ts';
import type { Http, HttpAnswer } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';

type Token = PlatformIdentity['token'];

/** Says whether a variable is there and says something. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** Throws `unreadable` for what is no JWT; says where it came from, never what it was. */
export function toJwt(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return value;
  throw new AgentIdError('unreadable', `${name} holds no token of a job`, {
    hint: 'It must be a JWT whose audience is the issuer of the identity provider.',
  });
}

/** @see https://docs.github.com/actions/reference/security/oidc */
export function askGithub(env: NodeJS.ProcessEnv, http: Http): Token | undefined {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!isSet(url) || !isSet(bearer)) return undefined;
  return async (audience) => {
    const asked = new URL(url);
    asked.searchParams.set('audience', audience);
    const answer = await http.request(asked.href, { headers: { authorization: `Bearer ${bearer}` } });
    return toAnswer(answer, 'value', {
      name: 'GitHub Actions',
      hint: 'The job needs permissions: id-token: write. Pull requests from forks never get one.',
    });
  };
}

/** What `buildkite-agent oidc request-token` sends. @see https://buildkite.com/docs/agent/v3/cli-oidc */
export function askBuildkite(env: NodeJS.ProcessEnv, http: Http): Token | undefined {
  const { BUILDKITE_AGENT_ACCESS_TOKEN: token, BUILDKITE_JOB_ID: job } = env;
  if (!isSet(token) || !isSet(job)) return undefined;
  const endpoint = env['BUILDKITE_AGENT_ENDPOINT'] ?? 'https://agent.buildkite.com/v3';
  return async (audience) => {
    const answer = await http.request(
      `${endpoint.replace(/\/+$/, '')}/jobs/${encodeURIComponent(job)}/oidc/tokens`,
      { method: 'POST', headers: { authorization: `Token ${token}` }, body: { audience } },
    );
    return toAnswer(answer, 'token', {
      name: 'Buildkite',
      hint: 'Is the agent 3.42 or newer, and the job running?',
    });
  };
}

/**
 * Azure Pipelines decides the audience itself (Entra's), and a service connection the subject.
 * @see https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
 */
export function askAzure(env: NodeJS.ProcessEnv, http: Http): Token | undefined {
  const { SYSTEM_OIDCREQUESTURI: uri, SYSTEM_ACCESSTOKEN: bearer } = env;
  if (!isSet(uri)) return undefined;
  const hint = 'The step needs env: SYSTEM_ACCESSTOKEN: $(System.AccessToken).';
  return async () => {
    if (!isSet(bearer))
      throw new AgentIdError('denied', 'Azure Pipelines gives this step no token', { hint });
    const asked = new URL(uri);
    asked.searchParams.set('api-version', '7.1-preview.1');
    const connection = env['AGENT_ID_SERVICE_CONNECTION'] ?? env['AZURESUBSCRIPTION_SERVICE_CONNECTION_ID'];
    if (isSet(connection)) asked.searchParams.set('serviceConnectionId', connection);
    const headers = { authorization: `Bearer ${bearer}` };
    const answer = await http.request(asked.href, { method: 'POST', headers, body: {} });
    return toAnswer(answer, 'oidcToken', { name: 'Azure Pipelines', hint });
  };
}

/**
 * The command line in each job's image asks for any audience; the variable is for the organisation only.
 * @see https://circleci.com/docs/oidc-tokens-with-custom-claims
 */
export function askCircle(env: NodeJS.ProcessEnv): Token | undefined {
  if (env['CIRCLECI'] !== 'true') return undefined;
  return async (audience) => {
    const claims = JSON.stringify({ aud: audience });
    const done = await captureCommand('circleci', ['run', 'oidc', 'get', '--claims', claims], env);
    if (done?.code === 0) return toJwt(done.stdout.trim(), 'circleci run oidc get');
    throw new AgentIdError('denied', 'CircleCI gives this job no token', {
      hint: 'The job must run where the command circleci is, and outside of builds from forks.',
    });
  };
}

function toAnswer(
  { status, body }: HttpAnswer,
  member: string,
  { name, hint }: { readonly name: string; readonly hint: string },
): string {
  if (status === 200 || status === 201) return toJwt(toRecord(body)[member], name);
  throw new AgentIdError('denied', `${name} gives this job no token (${status})`, { hint });
}
