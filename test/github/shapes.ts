interface RepositoryState {
  readonly id: number;
  readonly name: string;
  readonly archived?: boolean;
  readonly private?: boolean;
  readonly pushedAt: string;
  readonly type: string;
}

const userUrls = [
  'followers_url',
  'following_url',
  'gists_url',
  'starred_url',
  'subscriptions_url',
  'organizations_url',
  'repos_url',
  'events_url',
  'received_events_url',
];

const unsaid = ['name', 'bio', 'blog', 'company', 'email', 'hireable', 'location'];

const counted = ['followers', 'following', 'public_gists', 'public_repos'];

const repositoryUrls = [
  'archive_url',
  'assignees_url',
  'blobs_url',
  'branches_url',
  'collaborators_url',
  'comments_url',
  'commits_url',
  'compare_url',
  'contents_url',
  'contributors_url',
  'deployments_url',
  'downloads_url',
  'events_url',
  'forks_url',
  'git_commits_url',
  'git_refs_url',
  'git_tags_url',
  'hooks_url',
  'issue_comment_url',
  'issue_events_url',
  'issues_url',
  'keys_url',
  'labels_url',
  'languages_url',
  'merges_url',
  'milestones_url',
  'notifications_url',
  'pulls_url',
  'releases_url',
  'stargazers_url',
  'statuses_url',
  'subscribers_url',
  'subscription_url',
  'tags_url',
  'teams_url',
  'trees_url',
];

/** An account as the API gives it. */
export function toUserJson(login: string, type: string, api: string): object {
  const url = `${api}/users/${login}`;
  return {
    login,
    id: 1,
    node_id: 'U_1',
    avatar_url: `${api}/u/1`,
    gravatar_id: '',
    url,
    html_url: `${api}/${login}`,
    ...Object.fromEntries(userUrls.map((field) => [field, `${url}/${field.replace('_url', '')}`])),
    type,
    site_admin: false,
    ...Object.fromEntries(unsaid.map((field) => [field, null])),
    ...Object.fromEntries(counted.map((field) => [field, 0])),
  };
}

/** A repository as lists of the API give it. */
export function toRepositoryJson(state: RepositoryState, api: string): object {
  const [owner = '', repo = ''] = state.name.split('/');
  const url = `${api}/repos/${state.name}`;
  return {
    id: state.id,
    node_id: `R_${state.id}`,
    name: repo,
    full_name: state.name,
    owner: toUserJson(owner, state.type, api),
    private: state.private ?? false,
    visibility: state.private === true ? 'private' : 'public',
    html_url: `${api}/${state.name}`,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(repositoryUrls.map((field) => [field, `${url}/${field.replace('_url', '')}`])),
    git_url: `git://github.com/${state.name}.git`,
    ssh_url: `git@github.com:${state.name}.git`,
    clone_url: `${api}/${state.name}.git`,
    svn_url: `${api}/${state.name}`,
    mirror_url: null,
    homepage: null,
    language: null,
    forks_count: 0,
    forks: 0,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    open_issues_count: 0,
    open_issues: 0,
    size: 1,
    default_branch: 'main',
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    network_count: 0,
    subscribers_count: 0,
    archived: state.archived ?? false,
    disabled: false,
    pushed_at: state.pushedAt,
    created_at: '2024-01-01T00:00:00Z',
    updated_at: state.pushedAt,
    permissions: { admin: false, push: false, pull: true },
    license: null,
  };
}
