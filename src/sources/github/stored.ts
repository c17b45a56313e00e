import type { Skipped } from '../../model/place.ts';
import type { Stored } from '../../model/stored.ts';
import type { GithubClient, Params, Refused } from './client.ts';
import { textOf, type Data } from './data.ts';
import type { Estate } from './repositories.ts';

/** Names of what a host keeps, and what it did not tell. Values of variables are not taken from the answers. */
export interface StoredNames {
  readonly stored: readonly Stored[];
  readonly skipped: readonly Skipped[];
}

const kinds = ['secret', 'variable'] as const;
type Kind = Stored['kind'];

/** Reads the names of what one repository and its environments keep. */
export async function readRepositoryNames(client: GithubClient, name: string): Promise<StoredNames> {
  const found: Found = { stored: [], skipped: [] };
  const params = toParams(name);
  const below = '/repos/{owner}/{repo}';
  for (const kind of kinds) {
    const path = pathOf(name, kind);
    const list = await client.list(`${below}/actions/${kind}s`, params, `${kind}s`);
    add(found, { kind, level: 'repository', owner: name, path, readers: [name] }, list);
  }
  const environments = await client.list(`${below}/environments`, params, 'environments');
  if ('refused' in environments) {
    skip(found, `${name}/settings/environments`, environments);
    return found;
  }
  for (const environment of environments.map((one) => textOf(one, 'name')))
    for (const kind of kinds) {
      const path = `${name}/settings/environments/${environment}`;
      const route = `${below}/environments/{environment}/${kind}s`;
      const list = await client.list(route, { ...params, environment }, `${kind}s`);
      add(found, { kind, level: 'environment', owner: name, environment, path, readers: [name] }, list);
    }
  return found;
}

/** Reads the names of what an organisation keeps, and which repositories may read them. */
export async function readOrganizationNames(client: GithubClient, { owner }: Estate): Promise<StoredNames> {
  const found: Found = { stored: [], skipped: [] };
  for (const kind of kinds) {
    const path = pathOf(`organizations/${owner}`, kind);
    const list = await client.list(`/orgs/{owner}/actions/${kind}s`, { owner }, `${kind}s`);
    if ('refused' in list) skip(found, path, list);
    else
      for (const one of list) {
        const readers = await readersOf(client, { owner, kind, path }, one, found);
        add(found, { kind, level: 'organization', owner, path, readers }, [one]);
      }
  }
  return found;
}

/** Reads the names of what an organisation lets one repository read: that takes no right over the organisation. */
export async function readSharedNames(
  client: GithubClient,
  owner: string,
  name: string,
): Promise<StoredNames> {
  const found: Found = { stored: [], skipped: [] };
  for (const kind of kinds) {
    const path = pathOf(`organizations/${owner}`, kind);
    const route = `/repos/{owner}/{repo}/actions/organization-${kind}s`;
    const list = await client.list(route, toParams(name), `${kind}s`);
    add(found, { kind, level: 'organization', owner, path, readers: [name] }, list);
  }
  return found;
}

interface Found {
  readonly stored: Stored[];
  readonly skipped: Skipped[];
}

type Whose = Omit<Stored, 'name' | 'updatedAt' | 'uses'>;

function add(found: Found, whose: Whose, list: readonly Data[] | Refused): void {
  if ('refused' in list) return skip(found, whose.path, list);
  for (const one of list)
    found.stored.push({
      ...whose,
      name: textOf(one, 'name'),
      updatedAt: textOf(one, 'updated_at') || null,
      uses: [],
    });
}

interface Org {
  readonly owner: string;
  readonly kind: Kind;
  readonly path: string;
}

async function readersOf(
  client: GithubClient,
  { owner, kind, path }: Org,
  secret: Data,
  found: Found,
): Promise<Stored['readers']> {
  const { visibility } = secret;
  const name = textOf(secret, 'name');
  if (visibility === 'all' || visibility === 'private') return visibility;
  const route = `/orgs/{owner}/actions/${kind}s/{name}/repositories`;
  const list = await client.list(route, { owner, name }, 'repositories');
  if ('refused' in list) {
    skip(found, `${path}/${name}`, list);
    return [];
  }
  return list.map((one) => textOf(one, 'full_name'));
}

function skip({ skipped }: Found, path: string, { needsSso }: Refused): void {
  skipped.push({
    path,
    reason: needsSso
      ? 'the token is not approved for the single sign-on of the organisation'
      : 'the token may not list what is kept there',
  });
}

function pathOf(owner: string, kind: Kind): string {
  return `${owner}/settings/${kind}s/actions`;
}

function toParams(name: string): Params {
  const [owner = '', repo = ''] = name.split('/');
  return { owner, repo };
}
