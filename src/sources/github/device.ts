import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import { textOf, type Data } from './data.ts';
import type { GithubHost } from './host.ts';
import { deviceScopes, tokenRights } from './rights.ts';

const SLOWER_SECONDS = 5;
const grant = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * Lets a person approve this run in a browser. The token is kept for the run only. Throws `host-refused`.
 * @see RFC 8628
 */
export async function loginByDevice(
  http: Http,
  { server }: GithubHost,
  clientId: string,
  show: (url: string, code: string) => void,
): Promise<Secret> {
  const start = await post(http, `${server}/login/device/code`, { client_id: clientId, scope: deviceScopes });
  const deviceCode = textOf(start, 'device_code');
  const url = textOf(start, 'verification_uri');
  if (deviceCode === '' || !url.startsWith(`${server}/`))
    throw refused(textOf(start, 'error') || 'no code was given');
  show(url, textOf(start, 'user_code'));
  let interval = Math.max(1, Number(start['interval'] ?? SLOWER_SECONDS) || SLOWER_SECONDS);
  for (let left = Number(start['expires_in'] ?? 900); left > 0; left -= interval) {
    await sleep(interval * 1000);
    const asked = { client_id: clientId, device_code: deviceCode, grant_type: grant };
    const answer = await post(http, `${server}/login/oauth/access_token`, asked);
    const token = textOf(answer, 'access_token');
    if (token !== '') return new Secret(token);
    const error = textOf(answer, 'error');
    if (error === 'slow_down') interval += SLOWER_SECONDS;
    else if (error !== 'authorization_pending') throw refused(error);
  }
  throw refused('nobody approved in time');
}

async function post(http: Http, url: string, form: Readonly<Record<string, string>>): Promise<Data> {
  const { body } = await http.request(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    anyStatus: true,
  });
  return typeof body === 'object' && body !== null ? (body as Data) : {};
}

function refused(why: string): AgentIdError {
  return new AgentIdError(
    'host-refused',
    `GitHub did not sign you in: ${why.replaceAll('_', ' ').slice(0, 100)}`,
    {
      hint: tokenRights,
    },
  );
}
