/** Paths that belong to an API of Okta, in a text whose dynamic parts are `{}`. */
const apiPath =
  /\/(?:api\/v1|oauth2|governance\/api\/v1|workload-principals\/api\/v1|integrations\/api\/v1|idp\/myaccount)(?:[/{][^\s"'`<>\\;|)]*)?/;

export interface RestPath {
  /** Without query; dynamic segments are `{}`. */
  readonly path: string;
  /** Text before the path: a host, or a dynamic part. */
  readonly before: string;
}

/** Finds the API path in a text: `{}/api/v1/users/{}?x=1` gives `/api/v1/users/{}`. */
export function toRestPath(text: string): RestPath | undefined {
  const template = toTemplate(text);
  const match = apiPath.exec(template);
  if (match === null) return undefined;
  const bare = (match[0].split(/[?#]/)[0] ?? '').replace(/\/+$/, '').replaceAll(/\/{2,}/g, '/');
  return { path: bare, before: template.slice(0, match.index) };
}

/** Writes the dynamic parts of all languages as `{}`: `$id`, `${id}`, `$(cmd)`, `{id}`, `%s`, `:id`. */
export function toTemplate(text: string): string {
  return text
    .replaceAll(/\$\{\{[^}]*\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|\$\d/g, '{}')
    .replaceAll(/\{[^{}/]*\}/g, '{}')
    .replaceAll(/%(?:\(\w+\))?[sdvq]/g, '{}')
    .replaceAll(/(?<=\/):[A-Za-z_]\w*/g, '{}');
}

/** Says whether a path is only the start of others. */
export function isBasePath(path: string): boolean {
  return /^(\/\w[\w-]*)*\/api\/v\d$|^\/oauth2$/.test(path);
}

/** Says whether a path signs people in, which needs no token of an administrator. */
export function isPublicPath(path: string): boolean {
  return /^\/api\/v1\/authn(\/|$)|^\/oauth2(\/[^/]+)?\/v1\/(authorize|token|keys|introspect|revoke|userinfo|logout|device)/.test(
    path,
  );
}

/** Says whether a text names a host that is not one of Okta. A dynamic host may be. */
export function isForeignHost(before: string): boolean {
  const host = /https?:\/\/([^/\s{}]+)/.exec(before)?.[1];
  if (host === undefined) return false;
  return !/okta|localhost|127\.0\.0\.1|example|your|acme|\$|</i.test(host);
}

const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];

/** Reads a text that is one verb of HTTP. */
export function toVerb(text: string | null): string | undefined {
  const upper = (text ?? '').toUpperCase();
  return verbs.includes(upper) ? upper : undefined;
}

/** Reads the verb in a function's name: `requests.post`, `oktaGet`, `http.Post`, `api_delete`. */
export function verbOfName(callee: string): string | undefined {
  const last = callee.split('.').at(-1) ?? '';
  const words = last
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .split('_')
    .filter(Boolean);
  const ends = [words[0], words.at(-1)].flatMap((word) => toVerb(word ?? null) ?? []);
  return ends[0];
}
