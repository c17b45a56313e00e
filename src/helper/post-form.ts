import { AgentIdError } from '../model/error.ts';

const TIMEOUT_MS = 15_000;

/** Sends a form to an OAuth endpoint and reads its JSON; follows no redirect. Throws `idp-unreachable`. */
export async function postForm(
  fetch: typeof globalThis.fetch,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly data: Readonly<Record<string, unknown>> }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    throw new AgentIdError('idp-unreachable', 'the identity provider does not answer', {
      cause,
      where: new URL(url).origin,
      hint: 'Try again later. For the embedded provider: agent-id idp start',
    });
  }
  return { status: response.status, data: toRecord(text) };
}

function toRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
