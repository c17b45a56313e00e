import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { answerPending, pendingFor, type Pending } from './ciba.ts';
import { nowSeconds, resourceByUri, type Idp } from './context.ts';
import { html, sendPage, type Html } from './pages.ts';
import { findUser } from './users.ts';
import { readForm, Refusal } from './wire.ts';

interface Visit {
  readonly idp: Idp;
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const cookieName = 'agent_id_requests';
/** Whoever answers signed in a moment ago. */
const SECONDS = 600;

/** Answers `/requests`: the page on which a person sees what agents ask for, and says yes or no. */
export async function answerRequests(visit: Visit): Promise<void> {
  const { idp, request } = visit;
  const user = readUser(idp, request);
  if (request.method === 'GET') showPage(visit, user);
  else {
    const { origin } = request.headers;
    if (origin !== undefined && origin !== idp.issuer)
      throw new Refusal(403, 'invalid_request', 'the form was sent from another site');
    const form = await readForm(request);
    if (form.get('decision') === 'sign-in') await signIn(visit, form);
    else await decide(visit, user, form);
  }
}

function showPage({ idp, response }: Visit, user: string | undefined, message?: string): void {
  const status = message === undefined ? 200 : 401;
  sendPage(response, status, user === undefined ? signInPage(message) : requestsPage(idp, user));
}

function signInPage(message: string | undefined): Html {
  return html`<h1>Sign in to see what agents ask for</h1>
    ${message === undefined ? [] : [html`<p class="error">${message}</p>`]}
    <form method="post" action="/requests">
      <label>User<input type="text" name="username" value="" autocomplete="username" autofocus /></label>
      <label>Password<input type="password" name="password" autocomplete="current-password" /></label>
      <button type="submit" name="decision" value="sign-in">Sign in</button>
    </form>`;
}

function requestsPage(idp: Idp, user: string): Html {
  const pending = pendingFor(idp, user);
  const intro =
    pending.length === 0
      ? 'No agent waits for your answer.'
      : 'Allow only what you expect. Each holds once, for five minutes.';
  return html`<h1>Requests to ${user}</h1>
    <p>${intro}</p>
    ${pending.map((one) => requestForm(idp, one))}`;
}

function requestForm(idp: Idp, pending: Pending): Html {
  const { id, agent, resource, scopes, message } = pending;
  const owner = agent.owner === null ? '' : ` (answers to ${agent.owner})`;
  return html`<form method="post" action="/requests">
    <input type="hidden" name="csrf" value="${formToken(idp, pending)}" />
    <input type="hidden" name="request" value="${id}" />
    <p><span class="new">${agent.displayName}</span>${owner} asks to act for you:</p>
    ${message === null ? [] : [html`<blockquote>${message}</blockquote>`]}
    <ul>
      <li>${resourceByUri(idp, resource)?.displayName ?? resource} at ${resource}: ${scopes.join(', ')}</li>
    </ul>
    <button type="submit" name="decision" value="allow">Allow once</button>
    <button type="submit" name="decision" value="deny">Deny</button>
  </form>`;
}

async function signIn(visit: Visit, form: URLSearchParams): Promise<void> {
  const { idp, response } = visit;
  const user = await findUser(idp.users, form.get('username') ?? '', form.get('password') ?? '');
  if (user === undefined) {
    idp.events.add({ kind: 'sign-in', result: 'denied', reason: 'wrong user or password' });
    showPage(visit, undefined, 'The user or the password is wrong.');
    return;
  }
  idp.events.add({ kind: 'sign-in', user: user.id });
  const ends = nowSeconds(idp) + SECONDS;
  const value = `${Buffer.from(user.id).toString('base64url')}.${ends}`;
  response.setHeader(
    'set-cookie',
    `${cookieName}=${value}.${sign(idp, `session ${value}`)}; Path=/requests; Max-Age=${SECONDS}; HttpOnly; SameSite=Strict`,
  );
  backToPage(response);
}

async function decide(
  { idp, provider, response }: Visit,
  user: string | undefined,
  form: URLSearchParams,
): Promise<void> {
  const pending =
    user === undefined ? undefined : pendingFor(idp, user).find(({ id }) => id === form.get('request'));
  const decision = form.get('decision');
  // What was answered or ran out meanwhile is no longer on the page.
  if (pending !== undefined) {
    if (!isSame(form.get('csrf') ?? '', formToken(idp, pending)))
      throw new Refusal(403, 'invalid_request', 'the form is not from this page');
    if (decision === 'allow' || decision === 'deny')
      await answerPending(idp, provider, pending, decision === 'allow');
  }
  backToPage(response);
}

function backToPage(response: ServerResponse): void {
  response.writeHead(303, { location: '/requests', 'cache-control': 'no-store' }).end();
}

/** Says who signed in with this browser a moment ago. */
function readUser(idp: Idp, { headers }: IncomingMessage): string | undefined {
  const cookie = new RegExp(`(?:^|; )${cookieName}=([\\w-]+)\\.(\\d+)\\.([\\w-]+)`).exec(
    headers.cookie ?? '',
  );
  const [, name = '', ends = '', mac = ''] = cookie ?? [];
  if (!isSame(mac, sign(idp, `session ${name}.${ends}`)) || Number(ends) <= nowSeconds(idp)) return undefined;
  return Buffer.from(name, 'base64url').toString();
}

/** Binds a form to one request to one person. */
function formToken(idp: Idp, { user, requestId }: Pending): string {
  return sign(idp, `form ${user} ${requestId}`);
}

function sign(idp: Idp, text: string): string {
  return createHmac('sha256', idp.state.data.formKey).update(`requests ${text}`).digest('base64url');
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
