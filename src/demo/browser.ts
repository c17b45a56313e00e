/** Fills in the real sign-in and consent pages over HTTP, as a person with a browser would: cookies, forms, redirects. */
export interface Person {
  readonly name: string;
  readonly password: string;
}

/** Opens a URL and answers every page until one has no form that it knows. Gives the last page's text. */
export async function browse(url: string, person: Person): Promise<string> {
  const cookies = new Map<string, string>();
  let page = await visit(url, { cookies });
  for (let step = 0; step < 12; step += 1) {
    const form = /<form[\s\S]*?<\/form>/i.exec(page.body)?.[0];
    if (form === undefined) return page.body;
    const action = new URL(decode(attribute(form, 'action') ?? ''), page.url).href;
    page = await visit(action, { cookies, body: answers(form, person) });
  }
  throw new Error('the sign-in pages do not end');
}

/** Answers a form: hidden fields as they are, name and password, every offered consent. */
function answers(form: string, person: Person): URLSearchParams {
  const body = new URLSearchParams();
  for (const [input] of form.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const name = attribute(input, 'name');
    if (name === undefined) continue;
    const type = attribute(input, 'type');
    const value = decode(attribute(input, 'value') ?? '');
    if (type === 'password') body.append(name, person.password);
    else if (type === 'text' || type === 'email' || type === undefined)
      body.append(name, value === '' ? person.name : value);
    else if (type !== 'submit' || isYes(value, name)) body.append(name, value);
  }
  return body;
}

function isYes(value: string, name: string): boolean {
  return !/deny|cancel|abort|decline|no$/i.test(`${name} ${value}`);
}

interface Page {
  readonly url: string;
  readonly body: string;
}

async function visit(
  start: string,
  { cookies, body }: { readonly cookies: Map<string, string>; readonly body?: URLSearchParams },
): Promise<Page> {
  let url = start;
  let sending = body;
  for (let hop = 0; hop < 12; hop += 1) {
    const response = await fetch(url, {
      method: sending === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        origin: new URL(url).origin,
      },
      redirect: 'manual',
      ...(sending === undefined ? {} : { body: sending }),
    });
    keepCookies(response, cookies);
    const location = response.headers.get('location');
    if (location === null) return { url, body: await response.text() };
    await response.arrayBuffer();
    url = new URL(location, url).href;
    sending = undefined;
  }
  throw new Error('the sign-in pages redirect in a circle');
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = cookie.split(';');
    const at = pair.indexOf('=');
    const gone = attributes.some((one) => /expires=thu, 01 jan 1970|max-age=0/i.test(one));
    if (gone) cookies.delete(pair.slice(0, at));
    else cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1];
}

function decode(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
