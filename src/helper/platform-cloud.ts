import type { PlatformIdentity } from '../exchange/types.ts';
import { toRecord } from '../idp/metadata.ts';
import { captureCommand } from '../lib/capture.ts';
import { askInstance } from '../lib/instance-metadata.ts';
import { AgentIdError } from '../model/error.ts';
import { isSet, toJwt } from './platform-ask.ts';

type Token = PlatformIdentity['token'];

const clouds: ReadonlyMap<string, (env: NodeJS.ProcessEnv) => Token> = new Map([
  ['gcp', askGoogle],
  ['azure', askManagedIdentity],
  ['aws', askSts],
]);

/**
 * Asks the cloud whose instance this machine is, where `AGENT_ID_CLOUD` says so: unasked, a laptop would show strangers'
 * networks what it runs.
 */
export function askCloud(env: NodeJS.ProcessEnv): Token | undefined {
  const cloud = env['AGENT_ID_CLOUD'];
  if (!isSet(cloud)) return undefined;
  const ask = clouds.get(cloud);
  if (ask !== undefined) return ask(env);
  return async () => {
    throw new AgentIdError('usage', `AGENT_ID_CLOUD is one of ${[...clouds.keys()].join(', ')}`);
  };
}

/** @see https://docs.cloud.google.com/compute/docs/instances/verifying-instance-identity */
function askGoogle(env: NodeJS.ProcessEnv): Token {
  // As Google's own libraries name another place.
  const host = env['GCE_METADATA_HOST'] ?? 'metadata.google.internal';
  return async (audience) => {
    const url = toUrl(`http://${host}/computeMetadata/v1/instance/service-accounts/default/identity`);
    url.search = new URLSearchParams({ audience, format: 'full' }).toString();
    const { status, text, headers } = await askInstance(url, { 'Metadata-Flavor': 'Google' });
    if (status === 200 && headers.get('metadata-flavor') === 'Google')
      return toJwt(text.trim(), 'the metadata service');
    throw new AgentIdError('denied', `Google Cloud gives this instance no token (${status})`, {
      hint: 'It needs a service account.',
    });
  };
}

/**
 * Gives a token of the managed identity. Entra decides for whom there can be one: for its own exchange, or for an API
 * that is registered with it under the provider's address.
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
function askManagedIdentity(env: NodeJS.ProcessEnv): Token {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = env;
  const service = isSet(endpoint) && isSet(header);
  const host = env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? 'http://169.254.169.254';
  return async (audience) => {
    const url = toUrl(service ? endpoint : `${host.replace(/\/+$/, '')}/metadata/identity/oauth2/token`);
    url.search = new URLSearchParams({
      'api-version': service ? '2019-08-01' : '2018-02-01',
      resource: audience,
      ...(isSet(client) && { client_id: client }),
    }).toString();
    const headers = service ? { 'X-IDENTITY-HEADER': header } : { Metadata: 'true' };
    const { status, text } = await askInstance(url, headers);
    if (status === 200) return toJwt(toRecord(parse(text))['access_token'], 'the managed identity');
    throw new AgentIdError('denied', `Azure gives this instance no token for ${audience} (${status})`, {
      hint: 'It needs a managed identity (AZURE_CLIENT_ID names one of several). For a provider that is not Entra ID, an API must be registered with Entra whose Application ID URI is the issuer.',
    });
  };
}

/**
 * An instance's identity document is no JWT; STS signs one for a role, where the account allows it.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
 */
function askSts(env: NodeJS.ProcessEnv): Token {
  return async (audience) => {
    const asked = ['--audience', audience, '--signing-algorithm', 'RS256', '--duration-seconds', '300'];
    const printed = ['--query', 'WebIdentityToken', '--output', 'text'];
    const done = await captureCommand('aws', ['sts', 'get-web-identity-token', ...asked, ...printed], env);
    if (done?.code === 0) return toJwt(done.stdout.trim(), 'aws sts get-web-identity-token');
    const why = done === null ? 'the command aws is not here' : `aws ended with ${done.code}`;
    throw new AgentIdError('denied', `AWS gives this instance no token: ${why}`, {
      hint: 'It needs a role with sts:GetWebIdentityToken, a region (AWS_REGION), and an account with outbound identity federation (aws iam enable-outbound-web-identity-federation).',
    });
  };
}

function toUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new AgentIdError('usage', 'the address of the metadata service is none', {
    where: text.slice(0, 100),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause would quote a token.
    return undefined;
  }
}
