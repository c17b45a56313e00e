import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { git, makeTree } from '../commands/scan-kit.ts';
import { toRepositoryJson, toUserJson } from './shapes.ts';

/** One name that is kept: a variable also has a value, which GitHub tells. */
export interface KeptName {
  readonly name: string;
  readonly visibility?: 'all' | 'private' | 'selected';
  readonly selected?: readonly string[];
  readonly value?: string;
}

export interface Kept {
  readonly secrets?: readonly KeptName[];
  readonly variables?: readonly KeptName[];
}

export interface RepositorySeed extends Kept {
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly archived?: boolean;
  readonly private?: boolean;
  readonly environments?: Readonly<Record<string, Kept>>;
  /** The repository is listed, but there is no git behind it. */
  readonly isGone?: boolean;
  /** Entries of the tree that are no files, as mode and path: links, submodules. */
  readonly odd?: readonly (readonly [mode: string, path: string])[];
}

export interface Account extends Kept {
  readonly type: 'Organization' | 'User';
  readonly repositories: Readonly<Record<string, RepositorySeed>>;
}

interface Repository extends RepositorySeed {
  readonly id: number;
  readonly name: string;
  readonly folder: string;
  pushedAt: string;
}

/** An answer that stands in the way of the next request to a path. */
export interface Fault {
  readonly path: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests it meets; all where nothing is said. */
  times?: number;
}

/** A GitHub on loopback that keeps state: its API as documented, and real git over HTTP. */
export class GithubDouble {
  readonly asked: string[] = [];
  readonly faults: Fault[] = [];
  /** Paths that never answer. */
  readonly hangs: RegExp[] = [];
  /** What the token may not see answers 403. */
  readonly denied: RegExp[] = [];
  url = '';
  /** How many answers were that nothing has changed. */
  unchanged = 0;
  readonly #token: string;
  readonly #accounts: Readonly<Record<string, Account>>;
  readonly #me: string;
  readonly #repositories = new Map<string, Repository>();
  readonly #server: Server;
  #minutes = 0;

  private constructor(token: string, accounts: Readonly<Record<string, Account>>, me: string) {
    this.#token = token;
    this.#accounts = accounts;
    this.#me = me;
    for (const [owner, { repositories }] of Object.entries(accounts))
      for (const [repo, seed] of Object.entries(repositories)) this.#seed(`${owner}/${repo}`, seed);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(
    token: string,
    accounts: Readonly<Record<string, Account>>,
    me = 'ada',
  ): Promise<GithubDouble> {
    const double = new GithubDouble(token, accounts, me);
    await new Promise<void>((resolve) => {
      double.#server.listen(0, '127.0.0.1', resolve);
    });
    double.url = `http://127.0.0.1:${(double.#server.address() as AddressInfo).port}`;
    return double;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Commits and pushes, as a colleague would. */
  push(name: string, files: Readonly<Record<string, string | Buffer>>): void {
    const repository = this.#repositories.get(name);
    if (repository === undefined) throw new Error(`no repository ${name}`);
    const work = makeTree(files);
    git(work, 'init', '-q', '-b', 'main');
    git(work, 'add', '-A');
    for (const [mode, path] of repository.odd ?? []) {
      const object =
        mode === '160000'
          ? '1'.repeat(40)
          : git(work, 'hash-object', '-w', Object.keys(files)[0] ?? '').trim();
      git(work, 'update-index', '--add', '--cacheinfo', `${mode},${object},${path}`);
    }
    git(work, 'commit', '-q', '-m', 'change');
    git(work, 'push', '-q', '-f', repository.folder, 'main');
    this.#minutes += 1;
    repository.pushedAt = `2026-11-24T10:${String(this.#minutes).padStart(2, '0')}:00Z`;
  }

  /** How often a path was asked for. */
  count(path: RegExp): number {
    return this.asked.filter((one) => path.test(one)).length;
  }

  #seed(name: string, seed: RepositorySeed): void {
    const folder = hasGit(seed) ? initBare() : '';
    const id = this.#repositories.size + 1;
    this.#repositories.set(name, { ...seed, id, name, folder, pushedAt: '2026-11-24T09:00:00Z' });
    if (seed.files !== undefined) this.push(name, seed.files);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    this.asked.push(pathname);
    if (this.hangs.some((path) => path.test(pathname))) return;
    const fault = this.faults.find(({ path, times }) => path.test(pathname) && times !== 0);
    if (fault !== undefined) {
      if (fault.times !== undefined) fault.times -= 1;
      reply(response, fault.status, { message: 'no' }, fault.headers);
    } else if (/^\/[^/]+\/[^/]+\.git\//.test(pathname)) this.#serveGit(pathname, request, response);
    else if (pathname.startsWith('/login/')) reply(response, 200, this.#login(pathname));
    else if (request.headers.authorization !== `token ${this.#token}`)
      reply(response, 401, {
        message: 'Bad credentials',
        documentation_url: 'https://docs.github.com/rest',
        status: '401',
      });
    else if (request.method !== 'GET') reply(response, 405, { message: 'this double only reads' });
    else if (this.denied.some((path) => path.test(pathname)))
      reply(response, 403, { message: 'Resource not accessible by personal access token', status: '403' });
    else this.#route(pathname, searchParams, request, response);
  }

  /** The person approves after a while. */
  #login(pathname: string): object {
    if (pathname === '/login/device/code')
      return {
        device_code: 'd1',
        user_code: 'WDJB-MJHT',
        verification_uri: `${this.url}/login/device`,
        expires_in: 900,
        interval: 1,
      };
    const isPending = this.count(/^\/login\/oauth\/access_token$/) < 2;
    return isPending
      ? { error: 'authorization_pending' }
      : { access_token: this.#token, token_type: 'bearer', scope: 'repo' };
  }

  #route(pathname: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const found = this.#find(pathname.split('/').slice(1).map(decodeURIComponent));
    if (found === undefined) return reply(response, 404, { message: 'Not Found', status: '404' });
    const [body, headers] = 'list' in found ? this.#page(found, pathname, query) : [found.one, {}];
    const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
    if (request.headers['if-none-match'] !== etag) return reply(response, 200, body, { ...headers, etag });
    this.unchanged += 1;
    response.writeHead(304, { etag }).end();
  }

  #page(
    { list, field }: Listed,
    pathname: string,
    query: URLSearchParams,
  ): readonly [object, Record<string, string>] {
    const size = Number(query.get('per_page') ?? 30);
    const page = Number(query.get('page') ?? 1);
    const part = list.slice((page - 1) * size, page * size);
    const next = `<${this.url}${pathname}?per_page=${size}&page=${page + 1}>; rel="next"`;
    const body = field === undefined ? part : { total_count: list.length, [field]: part };
    return [body, page * size < list.length ? { link: next } : {}];
  }

  #find(parts: readonly string[]): Found | undefined {
    const [root, owner = '', third = ''] = parts;
    if (root === 'user') return this.#ofMe(owner);
    const account = this.#accounts[owner];
    if (account === undefined) return undefined;
    if (root === 'users' && third === '') return { one: toUserJson(owner, account.type, this.url) };
    if (root === 'users' && third === 'repos')
      return { list: this.#listOf(owner, (one) => one.private !== true) };
    if (root === 'orgs' && account.type === 'Organization')
      return this.#ofOrganization(owner, account, parts.slice(2));
    const repository = root === 'repos' ? this.#repositories.get(`${owner}/${third}`) : undefined;
    return repository === undefined ? undefined : this.#ofRepository(repository, account, parts.slice(3));
  }

  #ofMe(what: string): Found | undefined {
    if (what === 'repos') return { list: this.#listOf(this.#me) };
    return { one: toUserJson(this.#me, 'User', this.url) };
  }

  #ofOrganization(
    owner: string,
    account: Account,
    [first = '', kind = '', name = '', last = '']: readonly string[],
  ): Found | undefined {
    if (first === 'repos') return { list: this.#listOf(owner) };
    if (first !== 'actions') return undefined;
    if (name === '') return kept(account, kind, (path) => `${this.url}/orgs/${owner}/actions/${path}`);
    const one = [...(account.secrets ?? []), ...(account.variables ?? [])].find((each) => each.name === name);
    if (one?.visibility !== 'selected' || last !== 'repositories') return undefined;
    return { field: 'repositories', list: (one.selected ?? []).flatMap((each) => this.#toJson(each)) };
  }

  #ofRepository(repository: Repository, account: Account, parts: readonly string[]): Found | undefined {
    const [first = '', second = '', third = ''] = parts;
    if (first === '') return { one: this.#toJson(repository.name)[0] ?? {} };
    if (first === 'actions' && second.startsWith('organization-'))
      return kept(sharedWith(repository, account), second.slice('organization-'.length));
    if (first === 'actions') return kept(repository, second);
    if (first !== 'environments') return undefined;
    const environments = repository.environments ?? {};
    if (second === '') return { field: 'environments', list: Object.keys(environments).map(toEnvironment) };
    const environment = environments[second];
    return environment === undefined ? undefined : kept(environment, third);
  }

  #listOf(owner: string, isListed: (one: Repository) => boolean = () => true): readonly object[] {
    return [...this.#repositories.values()]
      .filter((one) => one.name.startsWith(`${owner}/`) && isListed(one))
      .flatMap(({ name }) => this.#toJson(name));
  }

  #toJson(name: string): readonly object[] {
    const repository = this.#repositories.get(name);
    if (repository === undefined) return [];
    const [owner = ''] = name.split('/');
    return [toRepositoryJson({ ...repository, type: this.#accounts[owner]?.type ?? 'User' }, this.url)];
  }

  /** Real git, by the CGI program that comes with it. */
  #serveGit(pathname: string, request: IncomingMessage, response: ServerResponse): void {
    const [, owner = '', repo = '', ...rest] = pathname.split('/');
    const repository = this.#repositories.get(`${owner}/${repo.slice(0, -'.git'.length)}`);
    const basic = Buffer.from(`x-access-token:${this.#token}`).toString('base64');
    if (request.headers.authorization !== `Basic ${basic}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end();
      return;
    }
    if (repository === undefined || !hasGit(repository))
      return reply(response, 404, { message: 'Not Found' });
    runCgi(`${repository.folder}/${rest.join('/')}`, request, response);
  }
}

/** Most of what is only listed needs no git behind it. */
function hasGit({ isGone, archived, files }: RepositorySeed): boolean {
  return isGone !== true && (archived !== true || files !== undefined);
}

function initBare(): string {
  const folder = makeTree({});
  git(folder, 'init', '-q', '--bare', '-b', 'main', '.');
  for (const setting of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'])
    git(folder, 'config', setting, 'true');
  return folder;
}

interface Listed {
  readonly list: readonly object[];
  readonly field?: string;
}

type Found = { readonly one: object } | Listed;

function kept(from: Kept, kind: string, toUrl?: (path: string) => string): Found | undefined {
  if (kind !== 'secrets' && kind !== 'variables') return undefined;
  const at = { created_at: '2024-02-01T08:00:00Z', updated_at: '2025-03-04T05:06:07Z' };
  const list = (from[kind] ?? []).map(({ name, value, visibility = 'all' }) => ({
    name,
    ...(kind === 'variables' ? { value: value ?? '' } : {}),
    ...at,
    ...(toUrl === undefined
      ? {}
      : { visibility, selected_repositories_url: toUrl(`${kind}/${name}/repositories`) }),
  }));
  return { field: kind, list };
}

function sharedWith(
  { name, private: isPrivate }: Repository,
  { secrets = [], variables = [] }: Account,
): Kept {
  const isShared = ({ visibility = 'all', selected = [] }: KeptName): boolean =>
    visibility === 'all' || (visibility === 'private' ? isPrivate === true : selected.includes(name));
  return { secrets: secrets.filter(isShared), variables: variables.filter(isShared) };
}

function toEnvironment(name: string, n: number): object {
  const at = '2024-02-01T08:00:00Z';
  const urls = { url: `https://api.github.com/e/${n}`, html_url: `https://github.com/e/${n}` };
  return {
    id: n + 1,
    node_id: `E_${n}`,
    name,
    ...urls,
    created_at: at,
    updated_at: at,
    protection_rules: [],
  };
}

function reply(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const limits = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-used': '1' };
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...limits, ...headers })
    .end(JSON.stringify(body));
}

function runCgi(path: string, request: IncomingMessage, response: ServerResponse): void {
  const { search } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROJECT_ROOT: '/',
      PATH_INFO: path,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf('\r\n\r\n');
    const fields = whole
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(': '));
    const headers = Object.fromEntries(fields.map(([name = '', value = '']) => [name, value]));
    response.writeHead(Number.parseInt(headers['Status'] ?? '200', 10), headers).end(whole.subarray(end + 4));
  });
}
