import { AgentIdError } from '../model/error.ts';
import { systemFetch } from './system.ts';

const TIMEOUT_MS = 5_000;
const MOST_CHARACTERS = 64_000;

/**
 * Asks the metadata service of the cloud instance that this machine is. It has no TLS, so that only addresses are asked
 * which never leave the machine or its hypervisor. Throws `untrusted-issuer` for any other, `idp-unreachable`.
 */
export async function askInstance(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  if (!isLinkLocal(url))
    throw new AgentIdError('untrusted-issuer', 'that is not the metadata service of an instance', {
      where: url.origin,
      hint: 'It is link-local (169.254.…), metadata.google.internal, or of this machine.',
    });
  try {
    const options = { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const response = await systemFetch(url, options);
    return {
      status: response.status,
      text: (await response.text()).slice(0, MOST_CHARACTERS),
      headers: response.headers,
    };
  } catch (cause) {
    throw new AgentIdError('idp-unreachable', 'the metadata service of the instance does not answer', {
      cause,
      where: url.origin,
      hint: 'AGENT_ID_CLOUD says that this machine is an instance of that cloud: is it?',
    });
  }
}

function isLinkLocal({ protocol, hostname }: URL): boolean {
  const known = ['metadata.google.internal', 'localhost', '127.0.0.1', '[::1]'];
  return protocol === 'http:' && (known.includes(hostname) || /^169\.254\.\d+\.\d+$/.test(hostname));
}
