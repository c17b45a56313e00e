import { AgentIdError } from '../../model/error.ts';
import type { GithubClient, Refused } from './client.ts';
import { textOf, type Data } from './data.ts';
import { tokenRights } from './rights.ts';

/** One repository, as far as a scan needs it. */
export interface GithubRepository {
  /** `OWNER/REPO`. */
  readonly name: string;
  readonly isArchived: boolean;
  readonly isPrivate: boolean;
  /** Changes with each push and each change of the default branch. */
  readonly state: string;
}

/** Whose repositories to look at, or which one. */
export interface Target {
  readonly owner: string;
  readonly repo?: string;
}

/** All that there is of a target. */
export interface Estate {
  /** As the host writes it. */
  readonly owner: string;
  readonly isOrganization: boolean;
  readonly repositories: readonly GithubRepository[];
}

const named =
  /^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?(?:_[A-Za-z0-9]{1,30})?)(?:\/([\w.-]{1,100}))?$/;

/** Reads `OWNER` or `OWNER/REPO`. Throws `usage`. */
export function parseTarget(text: string): Target {
  const [, owner, repo] = named.exec(text) ?? [];
  if (owner === undefined || repo === '.' || repo === '..')
    throw new AgentIdError('usage', '--github takes OWNER or OWNER/REPO', { where: text.slice(0, 150) });
  return repo === undefined ? { owner } : { owner, repo: repo.replace(/\.git$/, '') };
}

/** Lists the repositories of an organisation or a user, or finds the one that is named. Throws `unknown-name`. */
export async function readEstate(client: GithubClient, { owner, repo }: Target): Promise<Estate> {
  if (repo !== undefined) {
    const found = orMissing(await client.get('/repos/{owner}/{repo}', { owner, repo }), `${owner}/${repo}`);
    return {
      owner,
      isOrganization: (found['owner'] as Data | undefined)?.['type'] === 'Organization',
      repositories: [toRepository(found)],
    };
  }
  const account = orMissing(await client.get('/users/{owner}', { owner }), owner);
  const login = textOf(account, 'login') || owner;
  const isOrganization = account['type'] === 'Organization';
  const list = isOrganization
    ? client.list('/orgs/{owner}/repos', { owner, type: 'all' })
    : (await isMe(client, login))
      ? client.list('/user/repos', { affiliation: 'owner' })
      : client.list('/users/{owner}/repos', { owner, type: 'owner' });
  const repositories = orMissing(await list, owner).map(toRepository);
  return { owner: login, isOrganization, repositories };
}

/** Only the own list has private repositories. Tokens of apps have no user. */
async function isMe(client: GithubClient, login: string): Promise<boolean> {
  const me = await client.get('/user', {});
  return !('refused' in me) && textOf(me, 'login').toLowerCase() === login.toLowerCase();
}

function orMissing<T extends object>(answer: T | Refused, where: string): T {
  if (!('refused' in answer)) return answer;
  const { refused, needsSso } = answer as Refused;
  throw new AgentIdError(
    refused === 404 ? 'unknown-name' : 'host-refused',
    refused === 404
      ? 'GitHub has none of that name, or the token may not see it'
      : 'GitHub refuses: the token may not read it',
    {
      where,
      hint: needsSso ? 'Approve the token for the single sign-on of the organisation.' : tokenRights,
    },
  );
}

function toRepository(data: Data): GithubRepository {
  return {
    name: textOf(data, 'full_name'),
    isArchived: data['archived'] === true || data['disabled'] === true,
    isPrivate: data['private'] === true,
    state: [textOf(data, 'pushed_at'), textOf(data, 'default_branch'), Number(data['id'])].join(' '),
  };
}
