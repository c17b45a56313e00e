import { isAbsolute } from 'node:path';
import { readClaims } from '../exchange/encode.ts';
import { entraFederation } from '../exchange/form.ts';
import type { PlatformIdentity } from '../exchange/types.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Http } from '../lib/http.ts';
import { AgentIdError } from '../model/error.ts';
import { askAzure, askBuildkite, askCircle, askGithub, isSet, toJwt } from './platform-ask.ts';
import { askCloud } from './platform-cloud.ts';

/** What a machine that runs jobs says about a job, signed: no key has to lie there. */
export interface Platform extends PlatformIdentity {
  /** For the person: where the token comes from. */
  readonly name: string;
}

interface Source {
  readonly name: string;
  /** How the person makes a token that is for the provider. */
  readonly how: string;
  /** Gives how the token is got; `undefined` where the environment is not that platform's. */
  readonly find: (env: NodeJS.ProcessEnv, http: Http) => PlatformIdentity['token'] | undefined;
}

/** Where a pod finds a token that was projected for us, unless a variable names another place. */
const POD_TOKEN_FILE = '/var/run/secrets/agent-id/token';
const projected = 'Kubernetes: a projected serviceAccountToken with audience: the issuer';

/**
 * Every platform, in the order in which they are tried: first what the person named, then those that are asked for a
 * token of this provider, then those that had to be told before the job began.
 */
const sources: readonly Source[] = [
  { name: 'AGENT_ID_CI_TOKEN_FILE', how: projected, find: inFile('AGENT_ID_CI_TOKEN_FILE') },
  {
    name: 'AGENT_ID_CI_TOKEN',
    how: 'GitLab: id_tokens: AGENT_ID_CI_TOKEN: aud: the issuer',
    find: inVariable('AGENT_ID_CI_TOKEN'),
  },
  { name: 'the cloud', how: 'it is asked for', find: askCloud },
  { name: 'GitHub Actions', how: 'it is asked for', find: askGithub },
  { name: 'Buildkite', how: 'it is asked for', find: askBuildkite },
  { name: 'Azure Pipelines', how: 'it has tokens for Entra ID only', find: askAzure },
  { name: 'CircleCI', how: 'it is asked for', find: askCircle },
  {
    name: 'Bitbucket Pipelines',
    how: 'the step needs oidc: audiences: with the issuer',
    find: inVariable('BITBUCKET_STEP_OIDC_TOKEN'),
  },
  {
    name: 'Azure workload identity',
    how: 'it has tokens for Entra ID only',
    find: inFile('AZURE_FEDERATED_TOKEN_FILE'),
  },
  { name: 'Kubernetes', how: projected, find: inPod },
];

/**
 * Finds the platform that this process runs on, by what it puts into the environment; `undefined` on a machine that has
 * none. `token` throws `denied`, also for a token that is for somebody else, `unreadable`, `not-enrolled`, `usage`.
 */
export function findPlatform(env: NodeJS.ProcessEnv, http: Http): Platform | undefined {
  for (const { name, how, find } of sources) {
    const token = find(env, http);
    if (token !== undefined)
      return { name, token: async (audience) => assertFor(audience, await token(audience), how) };
  }
  return undefined;
}

/** A token that the platform put there when the job began: what it is for was decided then. */
function inVariable(variable: string): Source['find'] {
  return (env) => {
    const value = env[variable];
    return isSet(value) ? async () => toJwt(value, variable) : undefined;
  };
}

function inFile(variable: string): Source['find'] {
  return (env) => {
    const file = env[variable];
    return isSet(file) ? () => readTokenFile(file, variable) : undefined;
  };
}

function inPod(env: NodeJS.ProcessEnv): PlatformIdentity['token'] | undefined {
  if (!isSet(env['KUBERNETES_SERVICE_HOST'])) return undefined;
  return async (audience) => {
    if ((await readTextIfThere(POD_TOKEN_FILE)) !== undefined)
      return readTokenFile(POD_TOKEN_FILE, POD_TOKEN_FILE);
    throw new AgentIdError(
      'not-enrolled',
      'this pod has neither a key nor a token for the identity provider',
      {
        where: POD_TOKEN_FILE,
        hint: `Project one there (serviceAccountToken, audience: ${audience}), or name its place in AGENT_ID_CI_TOKEN_FILE.`,
      },
    );
  };
}

/** The file changes while the process runs: it is read for each exchange. */
async function readTokenFile(file: string, name: string): Promise<string> {
  // It is not repeated: some put the token itself there.
  if (!isAbsolute(file)) throw new AgentIdError('usage', `${name} must be an absolute path`);
  return toJwt((await readTextIfThere(file))?.trim(), name);
}

/** What Entra's own tokens call its exchange. */
const entraExchangeId = 'fb60f99c-7a34-4190-8149-302f77469936';

/** A token for somebody else would be refused there, and would have been shown to the wrong one. */
function assertFor(audience: string, token: string, how: string): string {
  const aud = readClaims(token)?.['aud'];
  const all = (Array.isArray(aud) ? aud : [aud]).map((one) =>
    one === entraExchangeId ? entraFederation : String(one),
  );
  const origin = URL.canParse(audience) ? new URL(audience).origin : 'null';
  if (all.some((one) => one === audience || (origin !== 'null' && one.startsWith(`${origin}/`))))
    return token;
  throw new AgentIdError(
    'denied',
    `the job’s token is for ${all.join(', ').slice(0, 200)}, not for this provider`,
    {
      hint: `It must be made for ${audience} (${how}). It was not sent.`,
    },
  );
}
