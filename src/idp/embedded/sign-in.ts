import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { agentsAsking, decide, type Asked } from './consents.ts';
import { resourceByUri, type Idp } from './context.ts';
import { errorPage, html, sendPage, type Html } from './pages.ts';
import type { AgentRecord } from './state.ts';
import { findUser } from './users.ts';
import { readForm, Refusal } from './wire.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

interface Visit {
  readonly idp: Idp;
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers `/interaction/{uid}`: shows the sign-in or the consent page, and takes what the person sent. */
export async function answerInteraction(visit: Visit): Promise<void> {
  const details = await readDetails(visit);
  if (details === undefined) return;
  if (visit.request.method === 'GET') {
    showPage(visit, details);
    return;
  }
  const form = await readForm(visit.request);
  assertForm(visit, details, form);
  if (form.get('decision') === 'deny') await abort(visit);
  else if (details.prompt.name === 'login') await signIn(visit, details, form);
  else await consent(visit, details, form);
}

async function readDetails({ provider, request, response }: Visit): Promise<Details | undefined> {
  try {
    return await provider.interactionDetails(request, response);
  } catch {
    sendPage(response, 400, errorPage('This page has expired, or it belongs to another browser.'));
    return undefined;
  }
}

function showPage(visit: Visit, details: Details, message?: string): void {
  const { idp, response } = visit;
  const token = formToken(idp, details);
  if (details.prompt.name === 'login') {
    sendPage(response, message === undefined ? 200 : 401, signInPage(details, token, message));
    return;
  }
  const user = String(details.session?.accountId);
  sendPage(response, 200, consentPage(idp, { details, token, user }));
}

function signInPage(details: Details, token: string, message: string | undefined): Html {
  return html`<h1>Sign in</h1>
    ${message === undefined ? [] : [html`<p class="error">${message}</p>`]}
    <form method="post" action="/interaction/${details.uid}">
      <input type="hidden" name="csrf" value="${token}" />
      <label>User<input type="text" name="username" value="" autocomplete="username" autofocus /></label>
      <label>Password<input type="password" name="password" autocomplete="current-password" /></label>
      <button type="submit" name="decision" value="continue">Sign in</button>
      <button type="submit" name="decision" value="deny">Cancel</button>
    </form>`;
}

function consentPage(
  idp: Idp,
  { details, token, user }: { readonly details: Details; readonly token: string; readonly user: string },
): Html {
  const asked = agentsAsking(idp, user);
  const intro =
    asked.length === 0
      ? html`<p>No agent asks to act for you.</p>`
      : html`<p>
          These agents ask to act for you. Each gets tokens of five minutes, only for what is listed.
        </p>`;
  return html`<h1>Who may act for ${user}?</h1>
    ${intro}
    <form method="post" action="/interaction/${details.uid}">
      <input type="hidden" name="csrf" value="${token}" />
      ${asked.map((one) => agentChoice(idp, one))}
      <button type="submit" name="decision" value="allow">Allow those ticked</button>
      <button type="submit" name="decision" value="deny">Cancel</button>
    </form>`;
}

function agentChoice(idp: Idp, { agent, decision }: Asked): Html {
  const box =
    decision === 'refused'
      ? html`<input type="checkbox" name="agent" value="${agent.clientId}" />`
      : html`<input type="checkbox" name="agent" value="${agent.clientId}" checked />`;
  const owner = agent.owner === null ? '' : ` (answers to ${agent.owner})`;
  return html`<input type="hidden" name="shown.${agent.clientId}" value="${fingerprint(agent)}" />
    <label
      >${box}
      <span class="${decision}">${agent.displayName}</span>${owner}${decision === 'new' ? ', new' : ''}</label
    >
    <ul>
      ${agent.grants.map((grant) => html`<li>${resourceByUri(idp, grant.uri)?.displayName ?? grant.uri} at ${grant.uri}: ${grant.scopes.join(', ')}</li>`)}
    </ul>`;
}

async function signIn(visit: Visit, details: Details, form: URLSearchParams): Promise<void> {
  const { idp, provider, request, response } = visit;
  const user = await findUser(idp.users, form.get('username') ?? '', form.get('password') ?? '');
  if (user === undefined) {
    idp.events.add({ kind: 'sign-in', result: 'denied', reason: 'wrong user or password' });
    showPage(visit, details, 'The user or the password is wrong.');
    return;
  }
  idp.events.add({ kind: 'sign-in', user: user.id });
  await provider.interactionFinished(request, response, { login: { accountId: user.id } });
}

async function consent(visit: Visit, details: Details, form: URLSearchParams): Promise<void> {
  const { idp, provider, request, response } = visit;
  const user = String(details.session?.accountId);
  // Only what the page showed is agreed to: an agent may have changed while it was open.
  const shown = agentsAsking(idp, user)
    .map(({ agent }) => agent)
    .filter((agent) => form.get(`shown.${agent.clientId}`) === fingerprint(agent));
  await decide(idp, user, shown, new Set(form.getAll('agent')));
  const grant =
    (details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)) ??
    new provider.Grant({ accountId: user, clientId: String(details.params['client_id']) });
  grant.addOIDCScope('openid offline_access');
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  );
}

async function abort({ provider, request, response }: Visit): Promise<void> {
  await provider.interactionFinished(
    request,
    response,
    { error: 'access_denied', error_description: 'the user cancelled' },
    { mergeWithLastSubmission: false },
  );
}

function assertForm({ idp, request }: Visit, details: Details, form: URLSearchParams): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== idp.issuer) {
    throw new Refusal(403, 'invalid_request', 'the form was sent from another site');
  }
  const sent = Buffer.from(form.get('csrf') ?? '');
  const wanted = Buffer.from(formToken(idp, details));
  if (sent.length !== wanted.length || !timingSafeEqual(sent, wanted)) {
    throw new Refusal(403, 'invalid_request', 'the form is not from this page');
  }
}

/** Binds a form to one page of one interaction; the interaction itself is bound to the browser by its cookie. */
function formToken(idp: Idp, details: Details): string {
  return createHmac('sha256', idp.state.data.formKey)
    .update(`${details.uid} ${details.prompt.name}`)
    .digest('base64url');
}

function fingerprint({ clientId, grants }: AgentRecord): string {
  return createHmac('sha256', clientId).update(JSON.stringify(grants)).digest('base64url').slice(0, 16);
}
