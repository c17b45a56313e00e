import type { Metadata } from '../idp/types.ts';
import { AgentIdError } from '../model/error.ts';

const KEEP_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;

/** By issuer, for the life of the process. */
const known = new Map<string, { readonly metadata: Promise<Metadata>; readonly until: number }>();

/**
 * Finds out where the provider's endpoints are; asks at most every ten minutes.
 * Throws `idp-unreachable`, `idp-refused`, `untrusted-issuer` where it names another issuer.
 * @see RFC 8414 section 3
 */
export async function readMetadata(
  issuer: string,
  { fetch, clock }: { fetch: typeof globalThis.fetch; clock: () => number },
): Promise<Metadata> {
  const kept = known.get(issuer);
  if (kept !== undefined && kept.until > clock()) return kept.metadata;
  const metadata = discover(issuer, fetch);
  known.set(issuer, { metadata, until: clock() + KEEP_MS });
  try {
    return await metadata;
  } catch (error) {
    known.delete(issuer);
    throw error;
  }
}

async function discover(issuer: string, fetch: typeof globalThis.fetch): Promise<Metadata> {
  assertSecure(issuer, issuer);
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const data =
    (await readDocument(`${origin}/.well-known/oauth-authorization-server${path}`, fetch)) ??
    (await readDocument(`${origin}${path}/.well-known/openid-configuration`, fetch));
  if (data === undefined || typeof data['token_endpoint'] !== 'string') {
    throw new AgentIdError('idp-refused', 'the identity provider publishes no metadata', { where: issuer });
  }
  if (data['issuer'] !== issuer) {
    throw new AgentIdError('untrusted-issuer', 'the identity provider says that it is another issuer', {
      where: issuer,
      hint: 'Check the issuer of: agent-id idp list',
    });
  }
  for (const [name, value] of Object.entries(data)) {
    if (name.endsWith('_endpoint') && typeof value === 'string') assertSecure(value, issuer);
  }
  return { ...data, issuer, token_endpoint: data['token_endpoint'] };
}

async function readDocument(
  url: string,
  fetch: typeof globalThis.fetch,
): Promise<Record<string, unknown> | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new AgentIdError('idp-unreachable', 'the identity provider does not answer', {
      cause,
      where: new URL(url).origin,
      hint: 'Is it running? For the embedded one: agent-id idp start',
    });
  }
  if (response.status >= 500) {
    throw new AgentIdError('idp-unreachable', `the identity provider answered ${response.status}`, {
      where: new URL(url).origin,
    });
  }
  const data: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined;
}

/** Tokens and assertions travel over TLS, or stay on this machine. */
function assertSecure(url: string, issuer: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  if (protocol === 'https:' || (protocol === 'http:' && loopback)) return;
  throw new AgentIdError('untrusted-issuer', 'the identity provider has an address without TLS', {
    where: issuer,
  });
}
