import { readAnswer, type TokenAnswer } from './answer.ts';
import { signAssertion } from './assertion.ts';
import { ExchangeError } from './error.ts';
import { entraFederation } from './form.ts';
import type { AgentOptions } from './types.ts';

const TIMEOUT_MS = 15_000;

type Form = Record<string, string>;

/**
 * Sends a form to the token endpoint, with the client's proof. Throws `ExchangeError`.
 * A key that was replaced while the request was on its way is refused: then the new one is good.
 */
export async function requestToken(options: AgentOptions, form: Form, now: number): Promise<TokenAnswer> {
  const signer = await currentSigner(options.signer);
  try {
    return await askWith({ ...options, signer }, form, now);
  } catch (error) {
    if (!(error instanceof ExchangeError && error.status === 401)) throw error;
    const later = await currentSigner(options.signer);
    if ('token' in signer || 'token' in later || signer.kid === later.kid) throw error;
    return askWith({ ...options, signer: later }, form, options.clock());
  }
}

async function currentSigner(signer: AgentOptions['signer']): Promise<AgentOptions['signer']> {
  return 'token' in signer ? signer : ((await signer.current?.()) ?? signer);
}

async function askWith(options: AgentOptions, form: Form, now: number): Promise<TokenAnswer> {
  const send = async (): Promise<Response> =>
    post(
      options,
      new URLSearchParams({
        ...form,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        ...(await proveClient(options, now)),
      }),
    );
  const response = await send();
  const again = await options.prover?.wantsNonce(response, options.tokenEndpoint);
  return readAnswer(again === true ? await send() : response, options.clock());
}

/** A platform's token names the job, not the client: the client id says which client it is to be. */
async function proveClient(
  { signer, clientId, issuer, ...options }: AgentOptions,
  now: number,
): Promise<Form> {
  if ('token' in signer)
    return {
      client_id: clientId,
      client_assertion: await signer.token(options.dialect === 'entra' ? entraFederation : issuer),
    };
  const audience = options.assertionAudience ?? options.tokenEndpoint;
  return { client_assertion: await signAssertion(signer, { clientId, audience, now }) };
}

async function post(options: AgentOptions, body: URLSearchParams): Promise<Response> {
  const { prover, tokenEndpoint: url } = options;
  const proof = prover && { dpop: await prover.prove({ method: 'POST', url }) };
  let response: Response;
  try {
    response = await options.fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...proof },
      body: body.toString(),
      // A redirect would carry the user's token elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new ExchangeError('unreachable', `the identity provider at ${options.issuer} does not answer`, {
      cause,
    });
  }
  return response;
}
