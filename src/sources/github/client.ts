import { systemFetch } from '../../lib/system.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Secret } from '../../model/secret.ts';
import type { GithubHost } from './host.ts';
import type { Headers, Pace } from './pace.ts';
import { tokenRights } from './rights.ts';

export type Data = Readonly<Record<string, unknown>>;
/** Gives a field of an answer; empty where it is no text. */
export function textOf(data: Data, field: string): string {
  const value = data[field];
  return typeof value === 'string' ? value : '';
}

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
  /** Reads all pages of a list; where the answer is an object, the list is its field. */
  readonly list: (route: string, params: Params, field?: string) => Promise<readonly Data[] | Refused>;
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
const refusals: readonly number[] = [403, 404, 409, 410];

type Answer = { readonly data: unknown; readonly headers: Headers } | Refused;

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
  const send = async (route: string, params: Params): Promise<Answer> => {
    for (let tries = 1; ; tries += 1) {
      await options.pace.before();
      try {
        const { data, headers } = await octokit.request(`GET ${route}`, params);
        options.pace.after(headers);
        return { data, headers };
      } catch (error) {
        const failure = toFailure(error);
        if (await options.pace.again(failure.status, failure.headers, tries)) continue;
        return settle(failure, `${host.api}${route}`, error);
      }
    }
  };
  return {
    get: async (route, params) => {
      const answer = await send(route, params);
      return 'refused' in answer ? answer : toData(answer.data, route);
    },
    list: async (route, params, field) => {
      const found: Data[] = [];
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const answer = await send(route, { ...params, per_page: PAGE, page });
        if ('refused' in answer) return answer;
        const list = field === undefined ? answer.data : toData(answer.data, route)[field];
        if (!Array.isArray(list)) throw unexpected(route);
        for (const one of list) found.push(toData(one, route));
        // The address of the next page is not followed: the token goes to this host only.
        if (!String(answer.headers['link'] ?? '').includes('rel="next"')) break;
      }
      return found;
    },
  };
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
