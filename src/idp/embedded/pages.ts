import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const style = `
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1d1d1f;background:#fff}
h1{font-size:1.4rem}label{display:block;margin:.8rem 0}ul{margin:.3rem 0}
input[type=text],input[type=password]{display:block;width:100%;padding:.5rem;font:inherit;box-sizing:border-box}
button{font:inherit;padding:.5rem 1.2rem;margin:1rem .5rem 0 0}.new{font-weight:600}.error{color:#a4000f}
code{font-size:1.5rem;letter-spacing:.1em}
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** A redirect that answers a form counts as its action, and `login` listens on a loopback port. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "form-action 'self' http://127.0.0.1:* http://[::1]:*",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Text that is safe in HTML, also between quotes. */
export interface Html {
  readonly html: string;
}

/** Builds HTML from a template: every value is escaped unless it is `Html` itself. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  let text = parts[0] ?? '';
  values.forEach((value, at) => {
    text += toText(value) + (parts[at + 1] ?? '');
  });
  return { html: text };
}

/** Answers with a whole page; no script runs on it and nobody may frame it. */
export function sendPage(response: ServerResponse, status: number, body: Html): void {
  response.writeHead(status, pageHeaders);
  response.end(renderPage(body));
}

export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': policy,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export function renderPage(body: Html): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>agent-id</title><style>${style}</style></head><body>${body.html}</body></html>`;
}

export function errorPage(message: string): Html {
  return html`<h1>This did not work</h1>
    <p class="error">${message}</p>
    <p>Close this page and start again.</p>`;
}

function toText(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') return escape(value);
  return 'html' in value ? value.html : value.map((one) => one.html).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
