import { systemFetch } from '../../lib/system.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Secret } from '../../model/secret.ts';
import type { Data } from './data.ts';
import type { GithubHost } from './host.ts';
import type { Headers, Pace } from './pace.ts';
import { toNames, type Page, type Pages } from './pages.ts';
import { tokenRights } from './rights.ts';

export type Params = Readonly<Record<string, string | number>>;

/** The token may not see it, or it is not there: GitHub says 404 for both. */
export interface Refused {
  readonly refused: 403 | 404 | 409 | 410;
  /** An organisation wants the token to be approved for its single sign-on. */
  readonly needsSso: boolean;
}

/**
 * Reads from GitHub, and only reads. Both throw `host-refused` for a token that is not good, `host-unreachable` where
 * there is no answer after several tries.
 */
export interface GithubClient {
  readonly get: (route: string, params: Params) => Promise<Data | Refused>;
  /**
   * Reads all pages of a list; where the answer is an object, the list is its field. With `pages` it only asks whether
   * those are still the same, and gives names only.
   */
  readonly list: (
    route: string,
    params: Params,
    field?: string,
    pages?: Pages,
  ) => Promise<readonly Data[] | Refused>;
}

export interface ClientOptions {
  readonly host: GithubHost;
  readonly token: Secret;
  readonly pace: Pace;
  /** Names this program to GitHub. */
  readonly userAgent: string;
}

const TIMEOUT_MS = 30_000;
const PAGE = 100;
const MOST_PAGES = 1000;
const NOT_MODIFIED = 304;
const refusals: readonly number[] = [403, 404, 409, 410];

interface Told {
  readonly data: unknown;
  readonly headers: Headers;
}

type Answer = Told | 'same' | Refused;

export async function openGithub(options: ClientOptions): Promise<GithubClient> {
  const { Octokit } = await import('@octokit/rest');
  const { host, token, userAgent } = options;
  const octokit = new Octokit({
    baseUrl: host.api,
    auth: token.open(),
    userAgent,
    request: { fetch: fetchInTime },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  const send = async (route: string, params: Params, etag?: string): Promise<Answer> => {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    for (let tries = 1; ; tries += 1) {
      await options.pace.before();
      try {
        const answer = await octokit.request(`GET ${route}`, { ...params, headers });
        options.pace.after(answer.headers);
        return answer;
      } catch (error) {
        const failure = toFailure(error);
        if (failure.status === NOT_MODIFIED && etag !== undefined) return 'same';
        if (await options.pace.again(failure.status, failure.headers, tries)) continue;
        return settle(failure, `${host.api}${route}`, error);
      }
    }
  };
  return {
    get: async (route, params) => {
      const answer = await send(route, params);
      return isRefused(answer) ? answer : toData(answer === 'same' ? {} : answer.data, route);
    },
    list: async (route, params, field, pages) => {
      const found: Data[] = [];
      for (let number = 1; number <= MOST_PAGES; number += 1) {
        const page = await readPage(send, {
          route,
          params: { ...params, per_page: PAGE, page: number },
          field,
          pages,
        });
        if ('refused' in page) return page;
        for (const one of page.names) found.push(one);
        if (!page.hasNext) break;
      }
      return found;
    },
  };
}

interface Wanted {
  readonly route: string;
  readonly params: Params;
  readonly field: string | undefined;
  readonly pages: Pages | undefined;
}

async function readPage(
  send: (route: string, params: Params, etag?: string) => Promise<Answer>,
  { route, params, field, pages }: Wanted,
): Promise<Page | Refused> {
  const key = `${route} ${JSON.stringify(params)}`;
  const before = pages?.before.get(key);
  const answer = await send(route, params, before?.etag);
  if (isRefused(answer)) return answer;
  const page = answer === 'same' ? before : toPage(answer, route, field);
  if (page === undefined) throw unexpected(route);
  if (pages === undefined) return page;
  const named = { ...page, names: page.names.map(toNames) };
  if (named.etag !== '') pages.now.set(key, named);
  return named;
}

function toPage({ data, headers }: Told, route: string, field: string | undefined): Page {
  const list = field === undefined ? data : toData(data, route)[field];
  if (!Array.isArray(list)) throw unexpected(route);
  return {
    etag: String(headers['etag'] ?? ''),
    names: list.map((one) => toData(one, route)),
    // The address of the next page is not followed: the token goes to this host only.
    hasNext: String(headers['link'] ?? '').includes('rel="next"'),
  };
}

function isRefused(answer: Answer): answer is Refused {
  return typeof answer === 'object' && 'refused' in answer;
}

/** Answers that are the same as before do not count against the hour's requests. */
export function withPages(client: GithubClient, pages: Pages): GithubClient {
  return { get: client.get, list: (route, params, field) => client.list(route, params, field, pages) };
}

function ignore(): void {
  // Octokit would print to the console.
}

function fetchInTime(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  return systemFetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

interface Failure {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly says: string;
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof Error) || !('status' in error)) throw error;
  const { response } = error as { readonly response?: { readonly headers: Headers } };
  return {
    status: response === undefined ? 0 : Number(error.status),
    headers: response?.headers ?? {},
    says: error.message,
  };
}

function settle({ status, headers }: Failure, where: string, cause: unknown): Refused {
  if (refusals.includes(status))
    return { refused: status as Refused['refused'], needsSso: headers['x-github-sso'] !== undefined };
  if (status === 401)
    throw new AgentIdError('host-refused', 'GitHub does not accept the token', {
      cause,
      where,
      hint: `It is wrong, expired or revoked. Set GH_TOKEN, or run gh auth login. ${tokenRights}`,
    });
  throw new AgentIdError(
    'host-unreachable',
    status === 0 ? 'GitHub does not answer' : `GitHub answered ${status} several times`,
    { cause, where, hint: 'Run it again later: what is done is not done twice.' },
  );
}

function toData(value: unknown, route: string): Data {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(route);
  return value as Data;
}

function unexpected(route: string): AgentIdError {
  return new AgentIdError('host-refused', 'the host answers differently from GitHub', {
    where: route,
    hint: 'Is GITHUB_API_URL the address of its API?',
  });
}
