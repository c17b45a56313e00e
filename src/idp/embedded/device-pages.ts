import type { IncomingMessage } from 'node:http';
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import { html, pageHeaders, renderPage, type Html } from './pages.ts';

/** Codes that came in the address (`verification_uri_complete`): filled in, but the person still sends the form. */
const typed = new WeakMap<IncomingMessage, string>();

export function rememberCode(request: IncomingMessage, code: string): void {
  typed.set(request, code);
}

/** Shows the page on which a person enters the code that a device shows. */
export function renderCodeInput(ctx: KoaContextWithOIDC, form: string, error: unknown): void {
  const code = typed.get(ctx.req) ?? '';
  show(
    ctx,
    html`<h1>Connect a device</h1>
      ${error === undefined ? [] : [html`<p class="error">${messageOf(error)}</p>`]}
      <form method="post" action="/device">
        <input type="hidden" name="xsrf" value="${hidden(form)}" />
        <label
          >Code that the device shows<input
            type="text"
            name="user_code"
            value="${code}"
            autocomplete="off"
            autofocus
        /></label>
        <button type="submit">Continue</button>
      </form>`,
  );
}

/** Asks whether it is the person's own device. */
export function renderCodeConfirm(ctx: KoaContextWithOIDC, form: string, client: Client, code: string): void {
  show(
    ctx,
    html`<h1>Is this your device?</h1>
      <p>${client.clientName ?? client.clientId} shows this code:</p>
      <p><code>${code}</code></p>
      <p>
        If you did not start this yourself, or the code differs, cancel: somebody may be trying to act as you.
      </p>
      <form method="post" action="/device">
        <input type="hidden" name="xsrf" value="${hidden(form)}" />
        <input type="hidden" name="user_code" value="${code}" />
        <button type="submit" name="confirm" value="yes">Yes, continue</button>
        <button type="submit" name="abort" value="yes">Cancel</button>
      </form>`,
  );
}

export function renderCodeDone(ctx: KoaContextWithOIDC): void {
  show(
    ctx,
    html`<h1>Done</h1>
      <p>The device is signed in. You can close this page.</p>`,
  );
}

function show(ctx: KoaContextWithOIDC, body: Html): void {
  for (const [name, value] of Object.entries(pageHeaders)) ctx.set(name, value);
  ctx.body = renderPage(body);
}

/** The library hands its token against forged requests over inside a form of its own. */
function hidden(form: string): string {
  return /name="xsrf" value="([^"]*)"/.exec(form)?.[1] ?? '';
}

const messages: Readonly<Record<string, string>> = {
  NoCodeError: 'Enter the code.',
  NotFoundError: 'This code is not known.',
  ExpiredError: 'This code has expired. Start again on the device.',
  AlreadyUsedError: 'This code was used already. Start again on the device.',
  AbortedError: 'Cancelled. Nothing was signed in.',
};

function messageOf(error: unknown): string {
  return (
    messages[error instanceof Error ? error.name : ''] ?? 'This did not work. Start again on the device.'
  );
}
